using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A WebSocket over HTTP/1.1; where it is told to, compressed.</summary>
internal class WebSocketWay(CompareTarget target, Traffic traffic, Arrivals arrivals, bool deflated = false) : Way(target, traffic, arrivals)
{
    // A frame's header in front of at most 125 bytes (RFC 6455, section 5.2): a stamp has fewer.
    private const int SmallHeader = 2;

    private CountedLine? _line;
    private WebSocketProtocol _protocol = null!;
    private byte[] _early = [];

    /// <summary>Path and query of the WebSocket.</summary>
    protected string Path
    {
        get
        {
            var query = string.Join('&', new[] { Token is null ? null : $"session={Token}", Target.IsSplit ? "wire=1" : null }.OfType<string>());
            return query.Length > 0 ? $"/ws?{query}" : "/ws";
        }
    }

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        Traffic.Requested();
        (_line, _early, var deflate) = await OpenAsync(cancel);
        _protocol = new WebSocketProtocol(WebSocketRole.Client, 16 * 1024 * 1024, deflate);
        await SendAsync(Encoding.UTF8.GetBytes(JoinFrame()), cancel);
        await ReadUntilAsync(JoinedFrameStart.IsJoined, cancel);
    }

    /// <summary>Says something in the room.</summary>
    public Task SayAsync(string text, CancellationToken cancel) =>
        SendAsync(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Say, Room = Target.Room, Text = text }), cancel);

    /// <summary>Opens the WebSocket.</summary>
    /// <returns>What frames come by, those bytes of them that came already, and how they are compressed.</returns>
    protected virtual async Task<(CountedLine Line, byte[] Early, DeflateParameters? Deflate)> OpenAsync(CancellationToken cancel)
    {
        var line = await CountedLine.ConnectAsync(Target.Http, Traffic, cancel);
        DeflateOffer[] offers = deflated ? [new DeflateOffer()] : [];
        var key = Handshake.NewKey();
        var request = new ArrayBufferWriter<byte>();
        Handshake.WriteRequest(request, Target.Host, Path, key, headers: deflated ? [KeyValuePair.Create(DeflateNegotiation.Header, DeflateNegotiation.Offer(offers))] : []);
        await line.SendAsync(request.WrittenMemory, cancel);
        var answer = new List<byte>();
        while (true)
        {
            var some = await line.ReadSomeAsync(cancel);
            answer.AddRange(some.Span);
            if (Handshake.TryReadResponse([.. answer], key, offers, out var consumed, out _, out var deflate, out var fault))
            {
                if (fault is not null)
                    throw new FloodException($"{Target.Host}/ws: {fault}");
                if (deflated && deflate is null)
                    throw new LeftOutException("the server compresses nothing");
                return (line, [.. answer.Skip(consumed)], deflate);
            }

            if (some.IsEmpty)
                throw new FloodException($"{Target.Host}/ws: the stream ended in the handshake");
        }
    }

    protected override Task ReadAsync(CancellationToken cancel) => ReadUntilAsync(_ => false, cancel);

    protected override void Drop()
    {
        _line?.Dispose();
        _protocol?.Dispose();
    }

    private Task SendAsync(ReadOnlyMemory<byte> json, CancellationToken cancel)
    {
        var message = new ArrayBufferWriter<byte>();
        _protocol.WriteMessage(message, Opcode.Text, json.Span);
        return _line!.SendAsync(message.WrittenMemory, cancel);
    }

    private async Task ReadUntilAsync(Func<ReadOnlyMemory<byte>, bool> isEnough, CancellationToken cancel)
    {
        var enough = false;
        while (!enough)
        {
            var rest = _early.Length > 0 ? _early : await _line!.ReadSomeAsync(cancel);
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
                    await _line!.SendAsync(pong.WrittenMemory, cancel);
                }
                else if (received.Kind == WebSocketEventKind.Text)
                {
                    Take(received.Payload.Span, SmallHeader);
                    enough |= isEnough(received.Payload);
                }
                else if (received.Kind == WebSocketEventKind.Fault)
                    throw new FloodException($"{Target.Host}/ws: {received.Reason}");
            }
        }
    }
}

/// <summary>Lines over plain TCP. There is no address in which to ask for stamps.</summary>
internal sealed class RawTcpWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : Way(target, traffic, arrivals)
{
    private CountedLine? _line;

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        _line = await CountedLine.ConnectAsync(Target.Raw!, Traffic, cancel);
        var hello = Encoding.UTF8.GetString(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Hello, Session = Token }));
        await _line.SendAsync($"{hello}\n{JoinFrame()}\n", cancel);
        await ReadUntilAsync(JoinedFrameStart.IsJoined, cancel);
    }

    protected override Task ReadAsync(CancellationToken cancel) => ReadUntilAsync(_ => false, cancel);

    protected override void Drop() => _line?.Dispose();

    private async Task ReadUntilAsync(Func<ReadOnlyMemory<byte>, bool> isEnough, CancellationToken cancel)
    {
        while (true)
        {
            var line = await _line!.ReadLineAsync(cancel) ?? throw new IOException("the server ended the stream");
            Take(line.Span, around: 1);
            if (isEnough(line))
                return;
        }
    }
}

internal static class JoinedFrameStart
{
    public static bool IsJoined(ReadOnlyMemory<byte> json) => json.Span.StartsWith("{\"type\":\"joined\""u8);
}
