using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Checks;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// The messages of one run: when each is due, when it left, where in its room's log it came, what the server answered.
/// Times are ticks of <see cref="Stopwatch"/>, so that they are comparable on all threads.
/// </summary>
/// <remarks>
/// A message's text is <c>flood RUN PUBLISHER NUMBER ....</c>: the number leads back to its times here. Message <c>i</c> goes to
/// room <c>i mod rooms</c>. One thread publishes; the threads that receive read what it wrote before the send.
/// </remarks>
internal sealed class Publications(Script script, IReadOnlyList<string> rooms)
{
    /// <summary>"flood ", the run, the publisher and the number with their spaces fit.</summary>
    public const int LeastTextBytes = 40;

    private enum Fate : byte { None, Sent, Acknowledged, Refused }

    private readonly long[] _sent = new long[script.Count];
    private readonly long[] _seq = new long[script.Count];
    private readonly ulong[] _texts = new ulong[script.Count];
    private readonly Fate[] _fate = new Fate[script.Count];
    private readonly bool[] _isAgain = new bool[script.Count];
    private readonly int[] _acknowledged = new int[rooms.Count];
    private int _sentCount;
    private int _answered;

    /// <summary>Tells this run's messages from an earlier one's.</summary>
    public string RunId { get; } = RandomNumberGenerator.GetHexString(8, lowercase: true);

    public int Count => _fate.Length;
    public int Rooms => rooms.Count;

    /// <summary>From the first message's due time to the last one's.</summary>
    public double Seconds => Count > 0 ? script.DueAfter(Count - 1) / (double)Stopwatch.Frequency : 0;

    /// <summary>So many are said before anything is measured.</summary>
    public int WarmUp => script.WarmUp;

    public int SentCount => Volatile.Read(ref _sentCount);
    public bool AllAnswered => Volatile.Read(ref _answered) >= SentCount;
    public int Acknowledged => _fate.Count(fate => fate == Fate.Acknowledged);
    public int Refused => _fate.Count(fate => fate == Fate.Refused);

    /// <summary>Messages that were sent again, since their publisher was cut off before it had an answer.</summary>
    public int SentAgain => _isAgain.Count(again => again);

    /// <summary>When message 0 is due.</summary>
    public long Start { get; private set; }

    public void Begin(long start) => Start = start;

    /// <summary>When message <paramref name="number"/> is due, whatever became of those before it.</summary>
    public long DueAt(int number) => Start + script.DueAfter(number);

    public long SentAt(int number) => _sent[number];

    /// <summary>How many messages a room gets.</summary>
    public int CountIn(int room) => (Count - room + Rooms - 1) / Rooms;

    public int AcknowledgedIn(int room) => Volatile.Read(ref _acknowledged[room]);

    /// <summary>Whether the time that this one takes says something of the server: not in the warm-up, nor where its publisher was away.</summary>
    public bool IsTimed(int number) => number >= script.WarmUp && !_isAgain[number];

    /// <summary>The <c>say</c> frame of a message.</summary>
    public byte[] Say(int publisher, int number)
    {
        var text = Encoding.UTF8.GetBytes(script.Text(number, string.Create(CultureInfo.InvariantCulture, $"flood {RunId} {publisher} {number} ")));
        _texts[number] = TextSum.Of(text);
        var frame = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(frame);
        json.WriteStartObject();
        json.WriteString("type"u8, "say"u8);
        json.WriteString("id"u8, string.Create(CultureInfo.InvariantCulture, $"{RunId}-{number}"));
        json.WriteString("room"u8, rooms[number % Rooms]);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
        json.Flush();
        return frame.WrittenSpan.ToArray();
    }

    /// <summary>The name of who is the <paramref name="index"/>th of this run.</summary>
    public string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"flood-{RunId}-{index + 1}");

    /// <summary>Whether a name is one of those.</summary>
    public bool IsOurs(string? name) => name is not null && name.StartsWith($"flood-{RunId}-", StringComparison.Ordinal);

    /// <summary>What was said as message <paramref name="number"/>; 0 where nothing was yet.</summary>
    public ulong TextOf(int number) => _texts[number];

    /// <summary>The number in a text of this run ("flood RUN PUBLISHER NUMBER …"), or -1.</summary>
    public int NumberIn(string? text) =>
        text?.Split(' ', 5) is ["flood", var run, _, var number, _] && run == RunId ? Known(number) : -1;

    /// <summary>The number in an id of this run ("RUN-NUMBER"), or -1.</summary>
    public int NumberOfId(string? id) =>
        id is not null && id.StartsWith(RunId + '-', StringComparison.Ordinal) ? Known(id[(RunId.Length + 1)..]) : -1;

    private int Known(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Count ? number : -1;

    public void Leaving(int number)
    {
        _sent[number] = Stopwatch.GetTimestamp();
        _fate[number] = Fate.Sent;
        Volatile.Write(ref _sentCount, _sentCount + 1);
    }

    /// <summary>It will be sent once more: when its publisher is back.</summary>
    public void Again(int number) => _isAgain[number] = true;

    /// <summary>False where it had its answer before.</summary>
    public bool Answer(int number, bool accepted)
    {
        if (_fate[number] != Fate.Sent) return false;
        _fate[number] = accepted ? Fate.Acknowledged : Fate.Refused;
        if (accepted) Interlocked.Increment(ref _acknowledged[number % Rooms]);
        Interlocked.Increment(ref _answered);
        return true;
    }

    /// <summary>Whether the message has this place in the log for everybody: the first who sees it says which.</summary>
    public bool IsAt(int number, long seq)
    {
        var known = Volatile.Read(ref _seq[number]);
        if (known == 0) known = Interlocked.CompareExchange(ref _seq[number], seq, 0);
        return known == 0 || known == seq;
    }

    /// <summary>A bit for each acknowledged message of a room, in its order there: what every subscriber must have seen.</summary>
    public ulong[] AcknowledgedBits(int room)
    {
        var bits = new ulong[(CountIn(room) + 63) / 64];
        for (var i = 0; i < CountIn(room); i++)
            if (_fate[room + i * Rooms] == Fate.Acknowledged) bits[i >> 6] |= 1ul << (i & 63);
        return bits;
    }

    /// <summary>How a text of this run begins, for a scan of the bytes.</summary>
    public byte[] TextStart() => Encoding.UTF8.GetBytes($"\"text\":\"flood {RunId} ");

    /// <summary>How an acknowledgement of this run begins.</summary>
    public byte[] AckStart() => Encoding.UTF8.GetBytes($"{{\"type\":\"ack\",\"id\":\"{RunId}-");
}
