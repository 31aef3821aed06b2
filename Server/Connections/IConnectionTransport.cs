namespace RawSocketChat.Server.Connections;

/// <summary>
/// What a connection asks of the way in that it came by: one object, mostly the pump itself, since a delegate for each of
/// these would be a twentieth of what an idle connection costs. Calls come from any thread.
/// </summary>
public interface IConnectionTransport
{
    /// <summary>Receives until the connection is no longer open, or the stream ends. Called once.</summary>
    Task ReceiveAsync();

    /// <summary>The connection is closed to all others: brings the stream itself to its end, as politely as its way allows.</summary>
    Task EndedAsync() => Task.CompletedTask;

    /// <summary>The connection has a reason to end: wakes the transport, which then lingers for the peer's own end and drops the stream.</summary>
    void Closing()
    {
    }

    /// <summary>Whether <see cref="Probe"/> makes the peer answer.</summary>
    bool CanProbe => false;

    void Probe()
    {
    }

    /// <summary>Changes between <c>json</c> and <c>text</c>. False: not by this way in, or there is no such format.</summary>
    bool ChangeFormat(string format) => false;

    /// <summary>Whether the peer has stopped asking; false where it has a stream of its own, whose end tells.</summary>
    bool IsAbandoned => false;
}

/// <summary>What a framing adds at the very end of a stream, such as a WebSocket close frame.</summary>
public interface IStreamEnding
{
    ReadOnlyMemory<byte> Of(Disconnect reason);
}
