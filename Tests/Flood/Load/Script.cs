using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>What is said in a run, and when each is due. Pure; the same options give the same script.</summary>
internal abstract class Script
{
    public abstract int Count { get; }

    /// <summary>So many are said before anything is measured.</summary>
    public abstract int WarmUp { get; }

    /// <summary>Ticks of <see cref="Stopwatch"/> from the start, whatever became of the messages before.</summary>
    public abstract long DueAfter(int number);

    /// <summary>The text of a message, which begins with its <paramref name="mark"/>.</summary>
    public abstract string Text(int number, string mark);

    /// <exception cref="FloodException">The file to replay can't be read.</exception>
    public static Script Of(FloodOptions options) =>
        options.Replay is { } file ? new ReplayScript(RoomFile.Read(file), options) : new SteadyScript(options);
}

/// <summary>So many a second, of a size or of sizes in a range.</summary>
internal sealed class SteadyScript(FloodOptions options) : Script
{
    private readonly int _least = options.TextBytes;
    private readonly int _sizes = options.MostTextBytes - options.TextBytes + 1;

    public override int Count { get; } = options.Messages;

    public override int WarmUp { get; } = options.WarmUpMessages;

    public override long DueAfter(int number) => (long)(number * (Stopwatch.Frequency / options.Rate));

    public override string Text(int number, string mark) => mark.PadRight(_least + (int)(Mixed(number) % (uint)_sizes), '.');

    // A size for each number, whoever asks and in whichever order: Knuth's multiplicative hash, and its upper bits.
    private uint Mixed(int number) => (((uint)number + 1) * 2_654_435_769u ^ (uint)options.Seed * 40_503u) >> 7;
}

/// <summary>What was once said in a room, with its gaps.</summary>
internal sealed class ReplayScript : Script
{
    /// <summary>A server's default for a text, in UTF-16 units.</summary>
    internal const int MostCharacters = 8000;

    private readonly IReadOnlyList<RoomFile.Line> _lines;
    private readonly double _speed;

    public ReplayScript(IReadOnlyList<RoomFile.Line> lines, FloodOptions options)
    {
        _speed = options.Speed;
        var most = options.ReplaySeconds is { } seconds ? options.WarmUp + seconds : double.PositiveInfinity;
        _lines = [.. lines.TakeWhile(line => Seconds(line, lines[0]) < most)];
        WarmUp = _lines.TakeWhile(line => Seconds(line, _lines[0]) < options.WarmUp).Count();
        if (WarmUp == _lines.Count)
            throw new FloodException(string.Create(CultureInfo.InvariantCulture, $"--warm-up {options.WarmUp} leaves nothing of --replay {options.Replay} to measure: what it says is over before"), FloodResult.BadOptions);
    }

    public override int Count => _lines.Count;

    public override int WarmUp { get; }

    public override long DueAfter(int number) => (long)(Seconds(_lines[number], _lines[0]) * Stopwatch.Frequency);

    public override string Text(int number, string mark)
    {
        var text = mark + _lines[number].Text;
        if (text.Length <= MostCharacters) return text;
        return text[..(char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters)];
    }

    private double Seconds(RoomFile.Line line, RoomFile.Line first) => (line.At - first.At).TotalSeconds / _speed;
}
