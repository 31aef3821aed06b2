using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>
/// A server with one room and one session, for WebSocket and polling. It can lose, repeat or reorder messages, so the tests can check
/// that a comparison detects these faults. The server supports only the requests that a comparison sends.
/// </summary>
internal sealed class CompareFakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _gate = new();
    private readonly List<string> _log = [];
    private readonly List<Socket> _members = [];
    private readonly List<Socket> _all = [];

    // Maps the seq of a message to the seqs of the messages that are sent instead.
    private readonly Func<int, IEnumerable<int>> _deliver;
    private readonly List<string> _polled = [];

    /// <param name="deliver">Takes the seq of a message. Returns the seqs of the messages that are sent instead.</param>
    public CompareFakeServer(Func<int, IEnumerable<int>> deliver)
    {
        _deliver = deliver;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/ws";

    public void Dispose()
    {
        _listener.Dispose();
        lock (_gate)
            _all.ForEach(socket => socket.Dispose());
    }

    private static string Joined(int seq, IEnumerable<string>? recovered = null) =>
        $$"""{"type":"joined","room":"lobby","epoch":"e","seq":{{seq}},"topic":"","role":"member","members":[],"memberCount":1{{(recovered is null ? "" : ",\"recovered\":true")}},"messages":[{{string.Join(',', recovered ?? [])}}]}""";

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                lock (_gate)
                    _all.Add(socket);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var read = 0;
                while (!IsRequest(buffer.AsSpan(0, read)))
                {
                    var some = await socket.ReceiveAsync(buffer.AsMemory(read));
                    if (some == 0)
                        return;
                    read += some;
                }

                var request = Encoding.ASCII.GetString(buffer, 0, read);
                if (request.StartsWith("GET /ws", StringComparison.Ordinal))
                {
                    await AcceptUpgradeAsync(socket, request);
                    await ServeWebSocketAsync(socket, buffer);
                    return;
                }

                var body = Answer(request);
                await socket.SendAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The client has cut the connection.
        }
    }

    private static bool IsRequest(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        var length = Encoding.ASCII.GetString(bytes[..end]).Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
        return length is null || bytes.Length >= end + 4 + int.Parse(length["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private string Answer(string request)
    {
        lock (_gate)
        {
            if (request.StartsWith("POST /session", StringComparison.Ordinal))
                return """{"type":"welcome","session":"s","user":"u","name":"ann","at":"2026-11-23T10:02:31.123Z","limits":{"frameBytes":1,"textLength":1,"messagesPerSecond":1}}""";
            if (request.StartsWith("POST /send", StringComparison.Ordinal))
                return $"[{Joined(_log.Count)}]";
            var after = int.Parse(request.Split("after=").ElementAtOrDefault(1)?.Split(['&', ' '])[0] ?? "0", System.Globalization.CultureInfo.InvariantCulture);
            return $$"""{"next":{{_polled.Count}},"frames":[{{string.Join(',', _polled.Skip(after))}}]}""";
        }
    }

    private static async Task AcceptUpgradeAsync(Socket socket, string request)
    {
        const string field = "Sec-WebSocket-Key: ";
        var key = request.Split("\r\n").Single(line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..];
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {HandshakeKey.ComputeAccept(key)}\r\n\r\n"));
    }

    private async Task ServeWebSocketAsync(Socket socket, byte[] buffer)
    {
        using var protocol = new WebSocketProtocol(WebSocketRole.Server, 1 << 20);
        while (await socket.ReceiveAsync(buffer) is > 0 and var read)
        {
            var input = buffer.AsMemory(0, read);
            while (protocol.TryReceive(input.Span, out var consumed, out var received))
            {
                input = input[consumed..];
                if (received.Kind == WebSocketEventKind.Text)
                    HandleFrame(socket, Encoding.UTF8.GetString(received.Payload.Span));
            }
        }
    }

    private void HandleFrame(Socket socket, string json)
    {
        var frame = System.Text.Json.Nodes.JsonNode.Parse(json)!;
        lock (_gate)
        {
            if (frame["type"]!.GetValue<string>() == "join")
            {
                var after = frame["after"]?.GetValue<int>();
                Send(socket, Joined(_log.Count, after is null ? null : _log.Skip(after.Value)));
                _members.Add(socket);
                return;
            }

            var seq = _log.Count + 1;
            _log.Add($$"""{"type":"message","room":"lobby","seq":{{seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u","name":"ann"},"text":"{{frame["text"]!.GetValue<string>()}}"}""");
            foreach (var sent in _deliver(seq).Select(number => _log[number - 1]))
            {
                _polled.Add(sent);
                _members.ForEach(member => Send(member, sent));
            }
        }
    }

    private static void Send(Socket socket, string json)
    {
        try
        {
            socket.Send(FrameWriter.CreateFrame(Opcode.Text, Encoding.UTF8.GetBytes(json)));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The client has disconnected.
        }
    }
}
