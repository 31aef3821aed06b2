using System.Globalization;

namespace RawSocketChat.Tests.Nodes;

/// <summary>
/// The number of times that a test of several servers repeats its fault. The default is 1. In the long mode, this variable sets the number:
/// <code>RSC_NODE_ROUNDS=20 Tests/run Nodes</code>
/// In the long mode, a server is stopped or cut off for at least 30 seconds each time.
/// </summary>
internal static class FaultRounds
{
    private static readonly int? LongCount = int.TryParse(Environment.GetEnvironmentVariable("RSC_NODE_ROUNDS"), CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The minimum duration of a fault.</summary>
    public static TimeSpan MinDuration => LongCount is null ? TimeSpan.Zero : TimeSpan.FromSeconds(30);

    /// <summary>Returns the number of rounds: the value of the variable in the long mode, otherwise <paramref name="otherwise"/>.</summary>
    public static int Get(int otherwise) => LongCount ?? otherwise;
}
