using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>The text and the scheduled time of each message of a run. The same options give the same schedule.</summary>
internal abstract class MessageSchedule
{
    public abstract int Count { get; }

    /// <summary>The number of messages in the warm-up, which are not measured.</summary>
    public abstract int WarmUpCount { get; }

    /// <summary>The scheduled time of a message, in ticks of <see cref="Stopwatch"/> after the start.</summary>
    public abstract long GetDueTicks(int number);

    /// <summary>The text of a message, which starts with <paramref name="tag"/>.</summary>
    public abstract string GetText(int number, string tag);

    /// <exception cref="FloodException">The replay file can't be read.</exception>
    public static MessageSchedule Create(FloodOptions options) =>
        options.Replay is { } file ? new ReplaySchedule(RoomExport.Read(file), options) : new SteadySchedule(options);
}

/// <summary>Messages at a constant rate, with sizes in a range.</summary>
internal sealed class SteadySchedule(FloodOptions options) : MessageSchedule
{
    private readonly int _minBytes = options.TextBytes;
    private readonly int _sizeCount = options.MaxTextBytes - options.TextBytes + 1;

    public override int Count { get; } = options.MessageCount;

    public override int WarmUpCount { get; } = options.WarmUpMessageCount;

    public override long GetDueTicks(int number) => (long)(number * (Stopwatch.Frequency / options.Rate));

    public override string GetText(int number, string tag) => tag.PadRight(_minBytes + (int)(Hash(number) % (uint)_sizeCount), '.');

    // Selects the size of a message from its number and the seed only. Returns the upper bits of Knuth's multiplicative hash.
    private uint Hash(int number) => (((uint)number + 1) * 2_654_435_769u ^ (uint)options.Seed * 40_503u) >> 7;
}

/// <summary>The messages of a room export, with the original pauses between them.</summary>
internal sealed class ReplaySchedule : MessageSchedule
{
    /// <summary>The server's default limit of a text, in UTF-16 code units.</summary>
    internal const int MaxCharacters = 8000;

    private readonly IReadOnlyList<RoomExport.ExportedMessage> _messages;
    private readonly double _speed;

    public ReplaySchedule(IReadOnlyList<RoomExport.ExportedMessage> messages, FloodOptions options)
    {
        _speed = options.Speed;
        var maxSeconds = options.ReplaySeconds is { } seconds ? options.WarmUp + seconds : double.PositiveInfinity;
        _messages = [.. messages.TakeWhile(message => GetSecondsAfter(message, messages[0]) < maxSeconds)];
        WarmUpCount = _messages.TakeWhile(message => GetSecondsAfter(message, _messages[0]) < options.WarmUp).Count();
        if (WarmUpCount == _messages.Count)
            throw new FloodException(string.Create(CultureInfo.InvariantCulture, $"--warm-up {options.WarmUp} leaves nothing of --replay {options.Replay} to measure: the scheduled time of the last message is before the end of the warm-up"), FloodResult.BadOptions);
    }

    public override int Count => _messages.Count;

    public override int WarmUpCount { get; }

    public override long GetDueTicks(int number) => (long)(GetSecondsAfter(_messages[number], _messages[0]) * Stopwatch.Frequency);

    public override string GetText(int number, string tag)
    {
        var text = tag + _messages[number].Text;
        if (text.Length <= MaxCharacters) return text;
        return text[..(char.IsHighSurrogate(text[MaxCharacters - 1]) ? MaxCharacters - 1 : MaxCharacters)];
    }

    private double GetSecondsAfter(RoomExport.ExportedMessage message, RoomExport.ExportedMessage first) => (message.At - first.At).TotalSeconds / _speed;
}
