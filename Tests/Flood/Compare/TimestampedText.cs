using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// Creates and parses message texts. Each text contains the scheduled time and the send time of the message. The same process creates and
/// parses the texts, so all times come from one clock.
/// </summary>
/// <param name="run">Distinguishes the messages of this run from all others.</param>
/// <param name="bytes">The length of a text.</param>
internal sealed class TimestampedText(string run, int bytes)
{
    /// <summary>The message number of a text whose latency is not measured.</summary>
    public const int Untimed = -1;

    public string Create(int number, long dueAt) =>
        string.Create(CultureInfo.InvariantCulture, $"{run} {number} {dueAt} {Stopwatch.GetTimestamp()} ").PadRight(bytes, 'x');

    public bool TryParse(string text, out int number, out long dueAt, out long sentAt)
    {
        (number, dueAt, sentAt) = (0, 0, 0);
        var parts = text.Split(' ');
        return parts.Length > 4 && parts[0] == run
            && int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out dueAt)
            && long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out sentAt);
    }
}
