using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Writes into a text when it was due and when it was sent, and reads it there: one clock, since both are this process.</summary>
/// <param name="run">Tells this run's messages from what others say.</param>
/// <param name="bytes">How long a text is.</param>
internal sealed class LatencyClock(string run, int bytes)
{
    /// <summary>The number of what is said to see whether somebody is back, and not to be timed.</summary>
    public const int Untimed = -1;

    public string Write(int number, long dueAt) =>
        string.Create(CultureInfo.InvariantCulture, $"{run} {number} {dueAt} {Stopwatch.GetTimestamp()} ").PadRight(bytes, 'x');

    public bool TryRead(string text, out int number, out long dueAt, out long sentAt)
    {
        (number, dueAt, sentAt) = (0, 0, 0);
        var parts = text.Split(' ');
        return parts.Length > 4 && parts[0] == run
            && int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out dueAt)
            && long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out sentAt);
    }
}
