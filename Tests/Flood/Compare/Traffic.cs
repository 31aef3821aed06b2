namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>What one way cost on the wire above TCP (and within TLS), in bytes of each direction, and in requests. Safe from any thread.</summary>
internal sealed class Traffic
{
    private long _up;
    private long _down;
    private long _payload;
    private long _requests;

    public void Sent(int bytes) => Interlocked.Add(ref _up, bytes);

    public void Received(int bytes) => Interlocked.Add(ref _down, bytes);

    /// <summary>The JSON of a frame that came.</summary>
    public void Carried(int bytes) => Interlocked.Add(ref _payload, bytes);

    /// <summary>One more HTTP request; a WebSocket's upgrade is one.</summary>
    public void Requested() => Interlocked.Increment(ref _requests);

    /// <summary>What was sent and came for the measuring alone: it is nobody's cost, and is taken off.</summary>
    public void TakeOff(int up, int down)
    {
        Interlocked.Add(ref _up, -up);
        Interlocked.Add(ref _down, -down);
    }

    /// <summary>How things stand, to be taken from how they stand later.</summary>
    public Counts Now() => new(Volatile.Read(ref _up), Volatile.Read(ref _down), Volatile.Read(ref _payload), Volatile.Read(ref _requests));
}

/// <param name="Up">Bytes above TCP from the client to the server.</param>
/// <param name="Down">Bytes above TCP from the server to the client.</param>
/// <param name="Payload">Of these, the JSON of frames.</param>
/// <param name="Requests">HTTP requests.</param>
public readonly record struct Counts(long Up, long Down, long Payload, long Requests)
{
    public long Bytes => Up + Down;

    /// <summary>Headers, framing, answers to nothing: what is not payload. Less than nothing where compression saves more than that.</summary>
    public long Around => Bytes - Payload;

    public static Counts operator -(Counts later, Counts earlier) => later.Less(earlier);

    public Counts Less(Counts earlier) => new(Up - earlier.Up, Down - earlier.Down, Payload - earlier.Payload, Requests - earlier.Requests);
}
