using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Collects the frames that answer one request, in order.</summary>
internal sealed class AnswerCollector : IFrameSink
{
    private readonly Lock _gate = new();
    private readonly List<ServerFrame> _frames = [];

    /// <summary>The answers so far.</summary>
    public IReadOnlyList<ServerFrame> Frames
    {
        get
        {
            lock (_gate)
                return [.. _frames];
        }
    }

    public void Send(ServerFrame frame)
    {
        lock (_gate)
            _frames.Add(frame);
    }

    /// <summary>
    /// Ignores the message. Only the answers to requests that add an event come as encoded frames, and <c>POST /session</c> accepts no
    /// such request.
    /// </summary>
    public void Send(EncodedMessage message)
    {
    }
}
