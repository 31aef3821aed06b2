using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A WebSocket over HTTP/1.1.</summary>
internal sealed class WebSocketWay(CompareTarget target, Traffic traffic, Arrivals arrivals) : Way(target, traffic, arrivals)
{
    private CountedLine? _line;
    private WebSocketProtocol _protocol = null!;
    private byte[] _early = [];

    protected override async Task ConnectAsync(CancellationToken cancel)
    {
        _protocol = new WebSocketProtocol(WebSocketRole.Client, 16 * 1024 * 1024);
        _line = await CountedLine.ConnectAsync(Target.Http, Traffic, cancel);
        Traffic.Requested();
        var key = Handshake.NewKey();
        var request = new ArrayBufferWriter<byte>();
        Handshake.WriteRequest(request, Target.Host, Token is null ? "/ws" : $"/ws?session={Token}", key);
        await _line.SendAsync(request.WrittenMemory, cancel);
        var answer = new List<byte>();
        while (true)
        {
            var some = await _line.ReadSomeAsync(cancel);
            answer.AddRange(some.Span);
            if (Handshake.TryReadResponse([.. answer], key, out var consumed, out _, out var fault))
            {
                if (fault is not null)
                    throw new FloodException($"{Target.Host}/ws: {fault}");
                _early = [.. answer.Skip(consumed)];
                break;
            }

            if (some.IsEmpty)
                throw new FloodException($"{Target.Host}/ws: the stream ended in the handshake");
        }

        var join = new ArrayBufferWriter<byte>();
        _protocol.WriteMessage(join, Opcode.Text, Encoding.UTF8.GetBytes(JoinFrame()));
        await _line.SendAsync(join.WrittenMemory, cancel);
        await ReadUntilAsync(JoinedFrameStart.IsJoined, cancel);
    }

    /// <summary>Says something in the room.</summary>
    public async Task SayAsync(string text, CancellationToken cancel)
    {
        var say = new ArrayBufferWriter<byte>();
        _protocol.WriteMessage(say, Opcode.Text, ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Say, Room = Target.Room, Text = text }));
        await _line!.SendAsync(say.WrittenMemory, cancel);
    }

    protected override Task ReadAsync(CancellationToken cancel) => ReadUntilAsync(_ => false, cancel);

    protected override void Drop()
    {
        _line?.Dispose();
        _protocol?.Dispose();
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
                    Take(received.Payload.Span);
                    enough |= isEnough(received.Payload);
                }
            }
        }
    }
}

/// <summary>Lines over plain TCP.</summary>
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
            Take(line.Span);
            if (isEnough(line))
                return;
        }
    }
}

internal static class JoinedFrameStart
{
    public static bool IsJoined(ReadOnlyMemory<byte> json) => json.Span.StartsWith("{\"type\":\"joined\""u8);
}
