using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Checks;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// The messages of one run. For each message, this class stores the scheduled time, the send time, the <c>seq</c> in the room, and the
/// server's answer. Times are ticks of <see cref="Stopwatch"/>. All threads share this clock.
/// </summary>
/// <remarks>
/// The text of a message is <c>flood RUN PUBLISHER NUMBER ....</c>; the number is the index of the message in this object's arrays.
/// Message <c>i</c> goes to room <c>i mod rooms</c>. One thread publishes. It stores the data of a message before it sends the message, so
/// the receiving threads find the data.
/// </remarks>
internal sealed class Publications(MessageSchedule schedule, IReadOnlyList<string> rooms)
{
    /// <summary>The smallest text size, in bytes. The prefix with run, publisher and number fits into it.</summary>
    public const int MinTextBytes = 40;

    private enum MessageState : byte { None, Sent, Acknowledged, Rejected }

    private readonly long[] _sent = new long[schedule.Count];
    private readonly long[] _seq = new long[schedule.Count];
    private readonly ulong[] _checksums = new ulong[schedule.Count];
    private readonly MessageState[] _states = new MessageState[schedule.Count];
    private readonly bool[] _isResent = new bool[schedule.Count];
    private readonly int[] _acknowledged = new int[rooms.Count];
    private int _sentCount;
    private int _answered;

    /// <summary>Distinguishes the messages of this run from those of other runs.</summary>
    public string RunId { get; } = RandomNumberGenerator.GetHexString(8, lowercase: true);

    /// <summary>The start of every text of this run.</summary>
    public string TextStart => $"flood {RunId}";

    private string UserNamePrefix => $"flood-{RunId}-";

    public int Count => _states.Length;
    public int RoomCount => rooms.Count;

    /// <summary>Seconds from the scheduled time of the first message to the scheduled time of the last message.</summary>
    public double DurationSeconds => Count > 0 ? schedule.GetDueTicks(Count - 1) / (double)Stopwatch.Frequency : 0;

    /// <summary>The number of messages in the warm-up, which are not measured.</summary>
    public int WarmUpCount => schedule.WarmUpCount;

    public int SentCount => Volatile.Read(ref _sentCount);
    public bool AllAnswered => Volatile.Read(ref _answered) >= SentCount;
    public int AcknowledgedCount => _states.Count(state => state == MessageState.Acknowledged);
    public int RejectedCount => _states.Count(state => state == MessageState.Rejected);

    /// <summary>Messages that were sent again, because the connection of the publisher ended before the answer arrived.</summary>
    public int ResentCount => _isResent.Count(isResent => isResent);

    /// <summary>The scheduled time of message 0.</summary>
    public long StartTime { get; private set; }

    public void SetStartTime(long start) => StartTime = start;

    /// <summary>The scheduled time of message <paramref name="number"/>. Delays of earlier messages do not change this time.</summary>
    public long GetDueTime(int number) => StartTime + schedule.GetDueTicks(number);

    public long GetSentTime(int number) => _sent[number];

    /// <summary>The number of messages of a room.</summary>
    public int GetMessageCount(int room) => (Count - room + RoomCount - 1) / RoomCount;

    public int GetAcknowledgedCount(int room) => Volatile.Read(ref _acknowledged[room]);

    /// <summary>
    /// Whether the latency of a message is measured. It is not measured for messages of the warm-up or messages that were sent again.
    /// </summary>
    public bool IsMeasured(int number) => number >= schedule.WarmUpCount && !_isResent[number];

    /// <summary>Encodes the <c>say</c> frame of a message.</summary>
    public byte[] EncodeSay(int publisher, int number)
    {
        var text = Encoding.UTF8.GetBytes(schedule.GetText(number, string.Create(CultureInfo.InvariantCulture, $"{TextStart} {publisher} {number} ")));
        _checksums[number] = TextChecksum.Compute(text);
        var frame = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(frame);
        json.WriteStartObject();
        json.WriteString("type"u8, "say"u8);
        json.WriteString("id"u8, string.Create(CultureInfo.InvariantCulture, $"{RunId}-{number}"));
        json.WriteString("room"u8, rooms[number % RoomCount]);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
        json.Flush();
        return frame.WrittenSpan.ToArray();
    }

    /// <summary>The user name of a member of this run, by its index.</summary>
    public string GetUserName(int index) => string.Create(CultureInfo.InvariantCulture, $"{UserNamePrefix}{index + 1}");

    /// <summary>Whether a user name belongs to a member of this run.</summary>
    public bool IsUserOfRun(string? name) => name is not null && name.StartsWith(UserNamePrefix, StringComparison.Ordinal);

    /// <summary>The checksum of the text of message <paramref name="number"/>; 0 before it is published.</summary>
    public ulong GetChecksum(int number) => _checksums[number];

    /// <summary>The message number in a text of this run ("flood RUN PUBLISHER NUMBER …"), or -1.</summary>
    public int ParseNumberInText(string? text) =>
        text?.Split(' ', 5) is ["flood", var run, _, var number, _] && run == RunId ? ParseNumber(number) : -1;

    /// <summary>The message number in a frame id of this run ("RUN-NUMBER"), or -1.</summary>
    public int ParseNumberInId(string? id) =>
        id is not null && id.StartsWith(RunId + '-', StringComparison.Ordinal) ? ParseNumber(id[(RunId.Length + 1)..]) : -1;

    private int ParseNumber(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Count ? number : -1;

    public void MarkSent(int number)
    {
        _sent[number] = Stopwatch.GetTimestamp();
        _states[number] = MessageState.Sent;
        Volatile.Write(ref _sentCount, _sentCount + 1);
    }

    /// <summary>Records that a message is sent again because its publisher has lost the connection.</summary>
    public void MarkResent(int number) => _isResent[number] = true;

    /// <summary>Stores the answer to a message. Returns false if the message was answered before.</summary>
    public bool TryMarkAnswered(int number, bool accepted)
    {
        if (_states[number] != MessageState.Sent) return false;
        _states[number] = accepted ? MessageState.Acknowledged : MessageState.Rejected;
        if (accepted) Interlocked.Increment(ref _acknowledged[number % RoomCount]);
        Interlocked.Increment(ref _answered);
        return true;
    }

    /// <summary>
    /// Whether the message has the same <c>seq</c> for all subscribers. The first call for a message stores the <c>seq</c>. Later calls
    /// compare their <c>seq</c> with the stored one.
    /// </summary>
    public bool HasConsistentSeq(int number, long seq)
    {
        var known = Volatile.Read(ref _seq[number]);
        if (known == 0) known = Interlocked.CompareExchange(ref _seq[number], seq, 0);
        return known == 0 || known == seq;
    }

    /// <summary>
    /// One bit for each message of a room, set if the server acknowledged it. Every subscriber must have received the acknowledged messages.
    /// </summary>
    public ulong[] GetAcknowledgedBits(int room)
    {
        var bits = new ulong[(GetMessageCount(room) + 63) / 64];
        for (var i = 0; i < GetMessageCount(room); i++)
            if (_states[room + i * RoomCount] == MessageState.Acknowledged) bits[i >> 6] |= 1ul << (i & 63);
        return bits;
    }

    /// <summary>The bytes at the start of a text field of this run.</summary>
    public byte[] GetTextPrefix() => Encoding.UTF8.GetBytes($"\"text\":\"{TextStart} ");

    /// <summary>The bytes at the start of an acknowledgement of this run.</summary>
    public byte[] GetAckPrefix() => Encoding.UTF8.GetBytes($"{{\"type\":\"ack\",\"id\":\"{RunId}-");
}
