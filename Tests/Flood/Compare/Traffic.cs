namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// Counts the requests of one transport, and its bytes in each direction, above TCP and inside TLS. Thread-safe.
/// </summary>
internal sealed class Traffic
{
    private long _up;
    private long _down;
    private long _payload;
    private long _requests;

    public void AddSent(int bytes) => Interlocked.Add(ref _up, bytes);

    public void AddReceived(int bytes) => Interlocked.Add(ref _down, bytes);

    /// <summary>Adds the JSON of a received frame.</summary>
    public void AddPayload(int bytes) => Interlocked.Add(ref _payload, bytes);

    /// <summary>Adds an HTTP request. The upgrade to a WebSocket also counts as a request.</summary>
    public void AddRequest() => Interlocked.Increment(ref _requests);

    /// <summary>Subtracts bytes that exist only for the measurement.</summary>
    public void Exclude(int up, int down)
    {
        Interlocked.Add(ref _up, -up);
        Interlocked.Add(ref _down, -down);
    }

    /// <summary>The current counts. The traffic of a period is the difference of the counts at its end and at its start.</summary>
    public Counts GetCounts() => new(Volatile.Read(ref _up), Volatile.Read(ref _down), Volatile.Read(ref _payload), Volatile.Read(ref _requests));
}

/// <param name="Up">Bytes above TCP from the client to the server.</param>
/// <param name="Down">Bytes above TCP from the server to the client.</param>
/// <param name="Payload">The bytes of JSON in the frames from the server, before compression.</param>
/// <param name="Requests">HTTP requests.</param>
public readonly record struct Counts(long Up, long Down, long Payload, long Requests)
{
    public long Bytes => Up + Down;

    /// <summary>
    /// The bytes that are not payload: headers, framing, empty responses. Negative if compression saves more bytes than the framing adds.
    /// </summary>
    public long OverheadBytes => Bytes - Payload;

    public static Counts operator -(Counts later, Counts earlier) => later.Subtract(earlier);

    public Counts Subtract(Counts earlier) => new(Up - earlier.Up, Down - earlier.Down, Payload - earlier.Payload, Requests - earlier.Requests);
}
