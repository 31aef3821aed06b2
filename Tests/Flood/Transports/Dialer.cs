using System.Net;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>Creates connections over any transport.</summary>
internal sealed class Dialer(FloodOptions options, EndPoint http, EndPoint? raw) : IDisposable
{
    private readonly Http2Dialer? _http2 = options.Transports.Contains(Transport.WebSocketHttp2) ? new Http2Dialer(options.Http2Url!, options.Sources.Next) : null;

    public IConnection CreateConnection(Transport transport, SessionState state, IFrameListener listener, ReadingPace? pace)
    {
        var settings = new SocketSettings(transport == Transport.RawTcp ? raw! : http, options.Sources.Next(), pace);
        return transport switch
        {
            Transport.WebSocketHttp2 => new Http2Connection(_http2!, state, listener, pace),
            Transport.RawTcp => new RawTcpConnection(settings, state, listener),
            Transport.Poll => new PollConnection(settings, options.Url.Authority, state, listener, TimeSpan.FromSeconds(options.PollInterval)),
            Transport.LongPoll => new PollConnection(settings, options.Url.Authority, state, listener, interval: null),
            Transport.Sse or Transport.Stream or Transport.IFrame => new StreamConnection(settings, options.Url.Authority, state, listener, transport),
            _ => new WebSocketConnection(settings, options.Url, state, listener, deflate: transport == Transport.WebSocketDeflate),
        };
    }

    public void Dispose() => _http2?.Dispose();
}
