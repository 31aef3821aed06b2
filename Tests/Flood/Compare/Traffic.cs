namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What one way cost on the wire above TCP, in bytes of both directions, and in requests. Safe from any thread.</summary>
internal sealed class Traffic
{
    private long _sent;
    private long _received;
    private long _payload;
    private long _requests;

    /// <summary>Everything, both ways.</summary>
    public long Bytes => Volatile.Read(ref _sent) + Volatile.Read(ref _received);

    /// <summary>Of it, the JSON of the frames that came.</summary>
    public long Payload => Volatile.Read(ref _payload);

    /// <summary>HTTP requests; a WebSocket's upgrade is one.</summary>
    public long Requests => Volatile.Read(ref _requests);

    public void Sent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void Received(int bytes) => Interlocked.Add(ref _received, bytes);

    public void Carried(int bytes) => Interlocked.Add(ref _payload, bytes);

    public void Requested() => Interlocked.Increment(ref _requests);

    /// <summary>How things stand, to be taken from how they stand later.</summary>
    public Counts Now() => new(Bytes, Payload, Requests);
}

/// <param name="Bytes">All bytes above TCP, both ways.</param>
/// <param name="Payload">Of them, the JSON of frames that came.</param>
/// <param name="Requests">HTTP requests.</param>
public readonly record struct Counts(long Bytes, long Payload, long Requests)
{
    /// <summary>Headers, framing, answers to nothing: what is not payload.</summary>
    public long Around => Bytes - Payload;

    public static Counts operator -(Counts later, Counts earlier) => later.Less(earlier);

    public Counts Less(Counts earlier) => new(Bytes - earlier.Bytes, Payload - earlier.Payload, Requests - earlier.Requests);
}
