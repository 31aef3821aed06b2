using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Counts the bytes of the answers to one POST, from when they are created until the response is written. The bytes count towards a limit
/// of the session and a limit of the server. Thread-safe.
/// </summary>
internal sealed class PendingAnswerBytes(HttpSession session, ByteBudget server) : IDisposable
{
    private readonly Lock _gate = new();
    private long _bytes;
    private bool _isDisposed;

    /// <summary>
    /// Whether too many bytes wait for the session: the answers to all its POSTs, and the frames in its outbox. The client must read some of
    /// them before the session gets more answers.
    /// </summary>
    public bool IsFull =>
        session.AnswerBytes + session.Outbox.QueuedBytes >= session.Outbox.LimitBytes || server.IsUsedUpFor(session.AnswerBytes);

    /// <summary>Counts the bytes of one answer.</summary>
    public void Add(int bytes)
    {
        lock (_gate)
        {
            // If the peer is gone, the POST ends early. An ack that comes after this end is not counted.
            if (_isDisposed)
                return;
            _bytes += bytes;
            session.AddAnswerBytes(bytes);
            server.Add(bytes);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            session.AddAnswerBytes(-_bytes);
            server.Remove(_bytes);
        }
    }
}
