namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>What one stretch of load brought.</summary>
internal sealed record LoadResult
{
    /// <summary>Messages a second that were due; 0 where as many as went.</summary>
    public required double Rate { get; init; }

    public required long Published { get; init; }

    /// <summary>Each message once for each subscriber.</summary>
    public required long Expected { get; init; }

    public required long Delivered { get; init; }

    /// <summary>Came twice, or after a later one.</summary>
    public required long Repeated { get; init; }

    /// <summary>From the first message until the last delivery.</summary>
    public required double Seconds { get; init; }

    /// <summary>The server's processor time for each delivery.</summary>
    public required double CpuMicroseconds { get; init; }

    /// <summary>The part of it in user mode.</summary>
    public required double UserMicroseconds { get; init; }

    /// <summary>The generator's own, user and kernel mode, for each delivery.</summary>
    public required double GeneratorMicroseconds { get; init; }

    /// <summary>From when a message was due until a subscriber had it; 0 where nothing was due.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double Max { get; init; }

    public long Lost => Expected - Delivered;

    public double PerSecond => Delivered / Seconds;
}
