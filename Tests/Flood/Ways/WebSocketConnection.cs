using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>A WebSocket over HTTP/1.1: the handshake, and frames from then on.</summary>
internal sealed class WebSocketConnection : SocketPump, IConnection
{
    private const int MaxMessageBytes = 4 * 1024 * 1024;

    private readonly Uri _url;
    private readonly Place _place;
    private readonly IFrameListener _listener;
    private readonly IReadOnlyList<DeflateOffer> _offers;
    private readonly string _key = Handshake.NewKey();
    private WebSocketProtocol _protocol = new(WebSocketRole.Client, MaxMessageBytes);
    private ArrayBufferWriter<byte>? _upgrade = new();
    private volatile bool _leaving;

    /// <param name="wire">Where to.</param>
    /// <param name="url">As which host, and which path.</param>
    /// <param name="place">As whom.</param>
    /// <param name="listener">Who hears the frames.</param>
    /// <param name="deflate">Offers permessage-deflate (RFC 7692), as browsers do.</param>
    public WebSocketConnection(Wire wire, Uri url, Place place, IFrameListener listener, bool deflate = false)
        : base(wire)
    {
        (_url, _place, _listener) = (url, place, listener);
        _offers = deflate ? [new DeflateOffer { ClientMaxWindowBits = 15 }] : [];
    }

    public Task OpenAsync(CancellationToken cancel)
    {
        var request = new ArrayBufferWriter<byte>();
        var headers = _offers.Count == 0
            ? null
            : new[] { KeyValuePair.Create(DeflateNegotiation.Header, DeflateNegotiation.Offer([.. _offers])) };
        Handshake.WriteRequest(request, _url.Authority, PathFor(_url, _place), _key, headers: headers);
        return ConnectAsync(request.WrittenMemory, cancel);
    }

    /// <summary>Path and query, with who it is.</summary>
    public static string PathFor(Uri url, Place place)
    {
        var query = url.Query.Length > 0 ? $"{url.Query}&" : "?";
        return place.Session is { } session ? $"{url.AbsolutePath}{query}session={session}" : $"{url.AbsolutePath}{query}name={place.Name}";
    }

    bool IConnection.Send(ReadOnlySpan<byte> frame)
    {
        lock (Sending)
        {
            var message = new ArrayBufferWriter<byte>(frame.Length + 16);
            _protocol.WriteMessage(message, Opcode.Text, frame);
            return Send(message.WrittenSpan);
        }
    }

    public void Leave()
    {
        _leaving = true;
        SendClose(CloseCode.Normal);
    }

    protected override bool Take(ReadOnlySpan<byte> bytes, long now) =>
        _upgrade is null ? TakeFrames(bytes, now) : TakeResponse(_upgrade, bytes, now);

    protected override void OnOver(string? why)
    {
        _protocol.Dispose();
        _listener.Ended(_leaving ? null : why);
    }

    private bool TakeResponse(ArrayBufferWriter<byte> upgrade, ReadOnlySpan<byte> bytes, long now)
    {
        upgrade.Write(bytes);
        var response = upgrade.WrittenSpan;
        if (!Handshake.TryReadResponse(response, _key, _offers, out var consumed, out _, out var deflate, out var fault)) return true;
        if (fault is not null) return Over($"the server did not open a WebSocket: {fault}");
        if (deflate is not null) _protocol = new WebSocketProtocol(WebSocketRole.Client, MaxMessageBytes, deflate);
        _upgrade = null;
        return TakeFrames(response[consumed..], now);
    }

    private bool TakeFrames(ReadOnlySpan<byte> bytes, long now)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            switch (e.Kind)
            {
                case WebSocketEventKind.Text:
                    _listener.Take(e.Payload.Span, now);
                    break;
                case WebSocketEventKind.Ping:
                    ThreadPool.UnsafeQueueUserWorkItem(SendPong, e.Payload.ToArray(), preferLocal: false);
                    break;
                case WebSocketEventKind.Close:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return Over($"closed with {e.CloseCode} {Encoding.UTF8.GetString(e.Payload.Span)}".TrimEnd());
                case WebSocketEventKind.Fault:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return Over($"the server broke the WebSocket protocol: {e.Reason}");
            }
        }
        return true;
    }

    private void SendPong(byte[] payload)
    {
        lock (Sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            _protocol.WritePong(frame, payload);
            Send(frame.WrittenSpan);
        }
    }

    private void SendClose(ushort code)
    {
        lock (Sending)
        {
            var frame = new ArrayBufferWriter<byte>();
            if (_protocol.WriteClose(frame, code, "")) Send(frame.WrittenSpan);
        }
    }
}
