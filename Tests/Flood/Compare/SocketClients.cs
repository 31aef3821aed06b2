using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A WebSocket over HTTP/1.1, optionally compressed.</summary>
internal class WebSocketClient(CompareTarget target, Traffic traffic, Arrivals arrivals, bool deflated = false) : TransportClient(target, traffic, arrivals)
{
    // The header of a WebSocket frame with up to 125 bytes of payload (RFC 6455, section 5.2). A wire frame is never longer.
    private const int WireHeaderBytes = 2;

    private CountingConnection? _connection;
    private WebSocketProtocol _protocol = null!;
    private byte[] _early = [];

    /// <summary>Path and query of the WebSocket.</summary>
    protected string Path
    {
        get
        {
            var query = string.Join('&', new[] { Token is null ? null : $"session={Token}", Target.RequestsWireTimes ? "wire=1" : null }.OfType<string>());
            return query.Length > 0 ? $"/ws?{query}" : "/ws";
        }
    }

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        Traffic.AddRequest();
        (_connection, _early, var deflate) = await OpenAsync(cancel);
        _protocol = new WebSocketProtocol(WebSocketRole.Client, 16 * 1024 * 1024, deflate);
        await SendAsync(Encoding.UTF8.GetBytes(CreateJoinFrame()), cancel);
        await ReadUntilAsync(FrameTypes.IsJoined, cancel);
    }

    /// <summary>Publishes a message in the room.</summary>
    public Task SayAsync(string text, CancellationToken cancel) =>
        SendAsync(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Say, Room = Target.Room, Text = text }), cancel);

    /// <summary>Opens the WebSocket.</summary>
    /// <returns>The connection, the bytes that arrived after the handshake, and the compression.</returns>
    protected virtual async Task<(CountingConnection Connection, byte[] Early, DeflateParameters? Deflate)> OpenAsync(CancellationToken cancel)
    {
        var connection = await CountingConnection.ConnectAsync(Target.Http, Traffic, cancel);
        DeflateOffer[] offers = deflated ? [new DeflateOffer()] : [];
        var key = HandshakeKey.Create();
        var request = new ArrayBufferWriter<byte>();
        ClientHandshake.WriteRequest(request, Target.Host, Path, key, headers: deflated ? [KeyValuePair.Create(DeflateNegotiation.Header, DeflateNegotiation.FormatOffers(offers))] : []);
        await connection.SendAsync(request.WrittenMemory, cancel);
        var response = new List<byte>();
        while (true)
        {
            var bytes = await connection.ReadSomeAsync(cancel);
            response.AddRange(bytes.Span);
            if (ClientHandshake.TryReadResponse([.. response], key, offers, out var consumed, out _, out var deflate, out var fault))
            {
                if (fault is not null)
                    throw new FloodException($"{Target.Host}/ws: {fault}");
                if (deflated && deflate is null)
                    throw new TransportUnavailableException("the server did not accept compression");
                return (connection, [.. response.Skip(consumed)], deflate);
            }

            if (bytes.IsEmpty)
                throw new FloodException($"{Target.Host}/ws: the stream ended during the handshake");
        }
    }

    protected override Task ReadAsync(CancellationToken cancel) => ReadUntilAsync(_ => false, cancel);

    protected override void Abort()
    {
        _connection?.Dispose();
        _protocol?.Dispose();
    }

    private Task SendAsync(ReadOnlyMemory<byte> json, CancellationToken cancel)
    {
        var message = new ArrayBufferWriter<byte>();
        _protocol.WriteMessage(message, Opcode.Text, json.Span);
        return _connection!.SendAsync(message.WrittenMemory, cancel);
    }

    private async Task ReadUntilAsync(Func<ReadOnlyMemory<byte>, bool> isLast, CancellationToken cancel)
    {
        var isDone = false;
        while (!isDone)
        {
            var rest = _early.Length > 0 ? _early : await _connection!.ReadSomeAsync(cancel);
            _early = [];
            if (rest.IsEmpty)
                throw new IOException("the server ended the stream");
            while (_protocol.TryReceive(rest.Span, out var consumed, out var received))
            {
                rest = rest[consumed..];
                if (received.Kind == WebSocketEventKind.Ping)
                {
                    var pong = new ArrayBufferWriter<byte>();
                    _protocol.WritePong(pong, received.Payload.Span);
                    await _connection!.SendAsync(pong.WrittenMemory, cancel);
                }
                else if (received.Kind == WebSocketEventKind.Text)
                {
                    ProcessFrame(received.Payload.Span, WireHeaderBytes);
                    isDone |= isLast(received.Payload);
                }
                else if (received.Kind == WebSocketEventKind.Fault)
                    throw new FloodException($"{Target.Host}/ws: {received.Reason}");
            }
        }
    }
}

/// <summary>
/// Lines of JSON over raw TCP. This client gets no <c>wire</c> times, because clients request them in a query string, and raw TCP has none.
/// </summary>
internal sealed class RawTcpClient(CompareTarget target, Traffic traffic, Arrivals arrivals) : TransportClient(target, traffic, arrivals)
{
    private CountingConnection? _connection;

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        _connection = await CountingConnection.ConnectAsync(Target.Raw!, Traffic, cancel);
        var hello = Encoding.UTF8.GetString(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Hello, Session = Token }));
        await _connection.SendAsync($"{hello}\n{CreateJoinFrame()}\n", cancel);
        await ReadUntilAsync(FrameTypes.IsJoined, cancel);
    }

    protected override Task ReadAsync(CancellationToken cancel) => ReadUntilAsync(_ => false, cancel);

    protected override void Abort() => _connection?.Dispose();

    private async Task ReadUntilAsync(Func<ReadOnlyMemory<byte>, bool> isLast, CancellationToken cancel)
    {
        while (true)
        {
            var line = await _connection!.ReadLineAsync(cancel) ?? throw new IOException("the server ended the stream");
            ProcessFrame(line.Span, overheadBytes: 1);
            if (isLast(line))
                return;
        }
    }
}

internal static class FrameTypes
{
    public static bool IsJoined(ReadOnlyMemory<byte> json) => json.Span.StartsWith("{\"type\":\"joined\""u8);
}
