using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What answers one request, in order.</summary>
internal sealed class GatheredAnswers : IFrameSink
{
    private readonly Lock _gate = new();
    private readonly List<OutboundFrame> _frames = [];

    public IReadOnlyList<ServerFrame> Frames
    {
        get
        {
            lock (_gate)
                return [.. _frames.Select(Read).OfType<ServerFrame>()];
        }
    }

    public void Send(Outbound outbound)
    {
        lock (_gate)
        {
            if (outbound is OutboundFrame frame)
                _frames.Add(frame);
            else if (outbound is OutboundBatch batch)
                _frames.AddRange(batch.Frames);
        }
    }

    private static ServerFrame? Read(OutboundFrame frame) => ChatCodec.TryReadServer(frame.Payload.Span, out var read) ? read : null;
}
