using System.Net;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>Makes connections by any way.</summary>
internal sealed class Dialer(FloodOptions options, EndPoint http, EndPoint? raw) : IDisposable
{
    private readonly Http2Dialer? _http2 = options.Ways.Has(WayIn.Http2) ? new Http2Dialer(options.Http2Url!, options.Sources.Next) : null;

    public IConnection Make(WayIn way, Place place, IFrameListener listener, ReadingPace? pace)
    {
        var wire = new Wire(way == WayIn.RawTcp ? raw! : http, options.Sources.Next(), pace);
        return way switch
        {
            WayIn.Http2 => new Http2Connection(_http2!, place, listener, pace),
            WayIn.RawTcp => new RawTcpConnection(wire, place, listener),
            WayIn.Poll => new PollConnection(wire, options.Url.Authority, place, listener, TimeSpan.FromSeconds(options.PollInterval)),
            WayIn.LongPoll => new PollConnection(wire, options.Url.Authority, place, listener, interval: null),
            WayIn.Sse or WayIn.Stream or WayIn.IFrame => new StreamConnection(wire, options.Url.Authority, place, listener, way),
            _ => new WebSocketConnection(wire, options.Url, place, listener, deflate: way == WayIn.Deflate),
        };
    }

    public void Dispose() => _http2?.Dispose();
}
