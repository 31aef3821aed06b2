using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>A WebSocket over HTTP/1.1: the handshake, then frames.</summary>
internal sealed class WebSocketConnection : SocketPump, IConnection
{
    /// <summary>The largest message that the tool accepts from the server, in bytes.</summary>
    internal const int MaxMessageBytes = 4 * 1024 * 1024;

    private readonly Uri _url;
    private readonly SessionState _state;
    private readonly IFrameListener _listener;
    private readonly IReadOnlyList<DeflateOffer> _offers;
    private readonly string _key = HandshakeKey.Create();
    private WebSocketProtocol _protocol = new(WebSocketRole.Client, MaxMessageBytes);
    private ArrayBufferWriter<byte>? _upgrade = new();
    private volatile bool _isLeaving;

    /// <param name="settings">The address of the server.</param>
    /// <param name="url">Gives the Host header and the path.</param>
    /// <param name="state">The member's session.</param>
    /// <param name="listener">Receives the frames.</param>
    /// <param name="deflate">Offers permessage-deflate (RFC 7692), as browsers do.</param>
    public WebSocketConnection(SocketSettings settings, Uri url, SessionState state, IFrameListener listener, bool deflate = false)
        : base(settings)
    {
        (_url, _state, _listener) = (url, state, listener);
        _offers = deflate ? [new DeflateOffer { ClientMaxWindowBits = 15 }] : [];
    }

    public Task OpenAsync(CancellationToken cancel)
    {
        var request = new ArrayBufferWriter<byte>();
        var headers = _offers.Count == 0
            ? null
            : new[] { KeyValuePair.Create(DeflateNegotiation.Header, DeflateNegotiation.FormatOffers([.. _offers])) };
        ClientHandshake.WriteRequest(request, _url.Authority, GetPath(_url, _state), _key, headers: headers);
        return ConnectAsync(request.WrittenMemory, cancel);
    }

    /// <summary>Creates the path and the query. The query has the session, or the user name if there is no session yet.</summary>
    public static string GetPath(Uri url, SessionState state)
    {
        var query = url.Query.Length > 0 ? $"{url.Query}&" : "?";
        return state.Session is { } session ? $"{url.AbsolutePath}{query}session={session}" : $"{url.AbsolutePath}{query}name={state.Name}";
    }

    bool IConnection.Send(ReadOnlySpan<byte> frame)
    {
        lock (SendLock)
        {
            var message = new ArrayBufferWriter<byte>(frame.Length + 16);
            _protocol.WriteMessage(message, Opcode.Text, frame);
            return Send(message.WrittenSpan);
        }
    }

    public void Leave()
    {
        _isLeaving = true;
        SendClose(CloseCode.Normal);
    }

    protected override bool OnReceived(ReadOnlySpan<byte> bytes, long now) =>
        _upgrade is null ? ProcessFrames(bytes, now) : ProcessHandshake(_upgrade, bytes, now);

    protected override void OnEnded(string? why)
    {
        _protocol.Dispose();
        _listener.OnEnded(_isLeaving ? null : why);
    }

    private bool ProcessHandshake(ArrayBufferWriter<byte> upgrade, ReadOnlySpan<byte> bytes, long now)
    {
        upgrade.Write(bytes);
        var response = upgrade.WrittenSpan;
        if (!ClientHandshake.TryReadResponse(response, _key, _offers, out var consumed, out _, out var deflate, out var fault)) return true;
        if (fault is not null) return End($"the WebSocket handshake failed: {fault}");
        if (deflate is not null) _protocol = new WebSocketProtocol(WebSocketRole.Client, MaxMessageBytes, deflate);
        _upgrade = null;
        return ProcessFrames(response[consumed..], now);
    }

    private bool ProcessFrames(ReadOnlySpan<byte> bytes, long now)
    {
        while (_protocol.TryReceive(bytes, out var consumed, out var e))
        {
            bytes = bytes[consumed..];
            switch (e.Kind)
            {
                case WebSocketEventKind.Text:
                    _listener.OnFrame(e.Payload.Span, now);
                    break;
                case WebSocketEventKind.Ping:
                    ThreadPool.UnsafeQueueUserWorkItem(SendPong, e.Payload.ToArray(), preferLocal: false);
                    break;
                case WebSocketEventKind.Close:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return End($"closed with {e.CloseCode} {Encoding.UTF8.GetString(e.Payload.Span)}".TrimEnd());
                case WebSocketEventKind.Fault:
                    ThreadPool.UnsafeQueueUserWorkItem(SendClose, e.CloseCode, preferLocal: false);
                    return End($"the server broke the WebSocket protocol: {e.Reason}");
            }
        }
        return true;
    }

    private void SendPong(byte[] payload)
    {
        lock (SendLock)
        {
            var frame = new ArrayBufferWriter<byte>();
            _protocol.WritePong(frame, payload);
            Send(frame.WrittenSpan);
        }
    }

    private void SendClose(ushort code)
    {
        lock (SendLock)
        {
            var frame = new ArrayBufferWriter<byte>();
            if (_protocol.WriteClose(frame, code, "")) Send(frame.WrittenSpan);
        }
    }
}
