namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>The result of one measurement.</summary>
internal sealed record LoadResult
{
    /// <summary>The fixed rate in messages per second; 0 for the maximum rate.</summary>
    public required double Rate { get; init; }

    public required long Published { get; init; }

    /// <summary>The number of published messages times the number of subscribers.</summary>
    public required long Expected { get; init; }

    public required long Delivered { get; init; }

    /// <summary>Deliveries of a message that the subscriber received for the second time, or after a later message.</summary>
    public required long Repeated { get; init; }

    /// <summary>The time from the first message to the last delivery.</summary>
    public required double Seconds { get; init; }

    /// <summary>The server's processor time per delivery.</summary>
    public required double CpuMicroseconds { get; init; }

    /// <summary>The part of <see cref="CpuMicroseconds"/> in user mode.</summary>
    public required double UserMicroseconds { get; init; }

    /// <summary>The processor time of the load generator per delivery.</summary>
    public required double GeneratorMicroseconds { get; init; }

    /// <summary>
    /// The median latency in ms, from the scheduled time of a message until a subscriber received it; 0 at the maximum rate.
    /// </summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double Max { get; init; }

    public long Lost => Expected - Delivered;

    public double PerSecond => Delivered / Seconds;
}
