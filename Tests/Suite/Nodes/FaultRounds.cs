using System.Globalization;

namespace RawSocketChat.Tests.Nodes;

/// <summary>
/// How often the tests of several servers cause a fault: once or twice, or in the long mode as often as this variable says:
/// <code>RSC_NODE_ROUNDS=20 Tests/run Nodes</code>
/// In the long mode, a server is stopped or cut off for 30 seconds each time.
/// </summary>
internal static class FaultRounds
{
    private static readonly int? LongCount = int.TryParse(Environment.GetEnvironmentVariable("RSC_NODE_ROUNDS"), CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The time for which a fault lasts at least.</summary>
    public static TimeSpan MinDuration => LongCount is null ? TimeSpan.Zero : TimeSpan.FromSeconds(30);

    /// <summary>The number of rounds in the long mode; otherwise the number that a test needs.</summary>
    public static int Get(int otherwise) => LongCount ?? otherwise;
}
