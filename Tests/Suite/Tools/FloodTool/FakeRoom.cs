using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>
/// A WebSocket server with one room. It can lose, repeat or reorder messages, so the tests can check that Flood detects these faults.
/// The server supports only the requests that Flood sends.
/// </summary>
internal sealed class FakeRoom : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _room = new();
    private readonly List<Member> _members = [];
    private readonly SortedList<long, string> _log = [];
    private readonly Dictionary<string, long> _seqById = [];
    private long _seq = FirstSeq - 1;

    /// <summary>The <c>seq</c> of the first message.</summary>
    public const long FirstSeq = 42;

    /// <summary>
    /// Takes the index of a member, the <c>seq</c> of an event and its WebSocket frame. Returns the frames that the room sends to that
    /// member.
    /// </summary>
    public Func<int, long, byte[], IEnumerable<byte[]>> Deliver { get; init; } = (_, _, frame) => [frame];

    /// <summary>Takes the events after a cursor, oldest first. Returns the events that a reconnecting member receives.</summary>
    public Func<IReadOnlyList<string>, IEnumerable<string>> CatchUp { get; init; } = missed => missed;

    /// <summary>The error code with which the room rejects every join. If it is null, joins succeed.</summary>
    public string? JoinError { get; init; }

    /// <summary>Called before each read, with the index of the member and the number of messages that the member has sent so far.</summary>
    public Func<int, int, Task> BeforeRead { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Called for each message, with the index of the member and the number of messages that the member has sent.</summary>
    public Action<int, int> OnSay { get; init; } = (_, _) => { };

    /// <summary>Creates the answer to a <c>say</c> from its id and <c>seq</c>.</summary>
    public Func<string, long, string> Answer { get; init; } = (id, seq) =>
        $$"""{"type":"ack","id":"{{id}}","room":"lobby","seq":{{seq}}}""";

    /// <summary>Creates the event of a <c>say</c> from its <c>seq</c> and text.</summary>
    public Func<long, string, string> Message { get; init; } = (seq, text) =>
        $$"""{"type":"message","room":"lobby","seq":{{seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u"},"text":"{{text}}"}""";

    /// <summary>Replaces the JSON in a WebSocket frame.</summary>
    public static byte[] Rewrite(byte[] frame, Func<string, string> rewrite) =>
        FrameWriter.CreateFrame(Opcode.Text, Encoding.UTF8.GetBytes(rewrite(Encoding.UTF8.GetString(frame.AsSpan(frame.AsSpan().IndexOf((byte)'{'))))));

    public Uri Url => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/ws");

    /// <summary>The number of joins, including joins after a reconnect.</summary>
    public int Joined { get; private set; }

    public FakeRoom Start()
    {
        _listener.Start(1000);
        _ = AcceptAsync();
        return this;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_room) _members.ForEach(member => member.Socket.Dispose());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(new Member(await _listener.AcceptSocketAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed at the end of the test.
        }
    }

    private async Task ServeAsync(Member member)
    {
        using var protocol = new WebSocketProtocol(WebSocketRole.Server, 1 << 20);
        var buffer = new byte[16 * 1024];
        try
        {
            await OpenAsync(member.Socket, buffer);
            member.Send("""{"type":"welcome","session":"s","user":"u1","name":"ann"}""");
            while (await ReceiveAsync(member, buffer) is > 0 and var read)
            {
                var input = buffer.AsMemory(0, read);
                while (protocol.TryReceive(input.Span, out var consumed, out var e))
                {
                    input = input[consumed..];
                    if (e.Kind == WebSocketEventKind.Text) HandleFrame(member, e.Payload);
                    if (e.Kind == WebSocketEventKind.Close) Close(member, protocol);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has closed the connection.
        }
    }

    private async Task<int> ReceiveAsync(Member member, byte[] buffer)
    {
        int index;
        lock (_room) index = _members.IndexOf(member);
        await BeforeRead(index, member.SayCount);
        return await member.Socket.ReceiveAsync(buffer);
    }

    private static async Task OpenAsync(Socket socket, byte[] buffer)
    {
        var read = 0;
        while (!buffer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
            read += await socket.ReceiveAsync(buffer.AsMemory(read));
        var request = Encoding.ASCII.GetString(buffer, 0, read);
        const string field = "Sec-WebSocket-Key:";
        var key = request.Split("\r\n").Single(line => line.StartsWith(field, StringComparison.OrdinalIgnoreCase))[field.Length..].Trim();
        var accept = HandshakeKey.ComputeAccept(key);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
    }

    private void HandleFrame(Member member, ReadOnlyMemory<byte> json)
    {
        using var frame = JsonDocument.Parse(json);
        var id = frame.RootElement.GetProperty("id").GetString()!;
        lock (_room)
        {
            if (frame.RootElement.GetProperty("type").GetString() == "join")
                Join(member, id, frame.RootElement.TryGetProperty("after", out var after) ? after.GetInt64() : null);
            else Say(member, id, frame.RootElement.GetProperty("text").GetString()!);
        }
    }

    private void Join(Member member, string id, long? after)
    {
        Joined++;
        if (JoinError is { } code)
        {
            member.Send($$"""{"type":"error","id":"{{id}}","code":"{{code}}","text":"no such name"}""");
            return;
        }
        _members.Add(member);
        var missed = after is null ? ["""{"seq":1}"""] : CatchUp([.. _log.Where(one => one.Key > after).Select(one => one.Value)]);
        member.Send($$"""{"type":"joined","id":"{{id}}","room":"lobby","seq":{{_seq}},"messages":[{{string.Join(',', missed)}}]}""");
    }

    private void Say(Member member, string id, string text)
    {
        OnSay(_members.IndexOf(member), ++member.SayCount);
        if (_seqById.TryGetValue(id, out var knownSeq))
        {
            member.Send($$"""{"type":"ack","id":"{{id}}","room":"lobby","seq":{{knownSeq}},"duplicate":true}""");
            return;
        }
        var answer = Answer(id, _seq + 1);
        member.Send(answer);
        if (answer.Contains("\"error\"", StringComparison.Ordinal)) return;
        _seqById[id] = ++_seq;
        _log[_seq] = Message(_seq, text);
        var frame = FrameWriter.CreateFrame(Opcode.Text, Encoding.UTF8.GetBytes(_log[_seq]));
        for (var i = 0; i < _members.Count; i++)
            foreach (var sent in Deliver(i, _seq, frame)) _members[i].Send(sent);
    }

    private void Close(Member member, WebSocketProtocol protocol)
    {
        var output = new ArrayBufferWriter<byte>();
        protocol.WriteClose(output, CloseCode.Normal, "");
        lock (_room)
        {
            member.Socket.Send(output.WrittenSpan);
            member.Socket.Shutdown(SocketShutdown.Both);
        }
    }

    private sealed class Member(Socket socket)
    {
        public Socket Socket => socket;

        public int SayCount { get; set; }

        public void Send(string json) => Send(FrameWriter.CreateFrame(Opcode.Text, Encoding.UTF8.GetBytes(json)));

        public void Send(byte[] frame)
        {
            try
            {
                Socket.Send(frame);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The connection was cut; the member reconnects.
            }
        }
    }
}
