using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>
/// A server of one room that does as it is told: it may lose, repeat or reorder, to show that the flood notices. Speaks
/// only what the flood needs.
/// </summary>
internal sealed class FakeRoom : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _room = new();
    private readonly List<Member> _members = [];
    private readonly SortedList<long, string> _log = [];
    private readonly Dictionary<string, long> _said = [];
    private long _seq = FirstSeq - 1;

    /// <summary>The seq of the first message that is said.</summary>
    public const long FirstSeq = 42;

    /// <summary>Gets a member's number, the event's seq and its frame, and says what goes to that member.</summary>
    public Func<int, long, byte[], IEnumerable<byte[]>> Deliver { get; init; } = (_, _, frame) => [frame];

    /// <summary>Gets the events after a cursor, oldest first, and says what who comes back gets of them.</summary>
    public Func<IReadOnlyList<string>, IEnumerable<string>> CatchUp { get; init; } = missed => missed;

    /// <summary>With this code every join is refused; null: none is.</summary>
    public string? Refuse { get; init; }

    /// <summary>Gets a member's number and how much it has said, before more of it is read.</summary>
    public Func<int, int, Task> Reading { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Gets a member's number and how much it has said by now.</summary>
    public Action<int, int> Said { get; init; } = (_, _) => { };

    /// <summary>What answers a <c>say</c> with this id and seq.</summary>
    public Func<string, long, string> Answer { get; init; } = (id, seq) =>
        $$"""{"type":"ack","id":"{{id}}","room":"lobby","seq":{{seq}}}""";

    /// <summary>The event of a <c>say</c>.</summary>
    public Func<long, string, string> Message { get; init; } = (seq, text) =>
        $$"""{"type":"message","room":"lobby","seq":{{seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u"},"text":"{{text}}"}""";

    /// <summary>The same frame with other JSON in it.</summary>
    public static byte[] Rewritten(byte[] frame, Func<string, string> how) =>
        FrameWriter.Frame(Opcode.Text, Encoding.UTF8.GetBytes(how(Encoding.UTF8.GetString(frame.AsSpan(frame.AsSpan().IndexOf((byte)'{'))))));

    public Uri Url => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/ws");

    /// <summary>How often somebody joined, or came back.</summary>
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
            // disposed: the test is over
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
                    if (e.Kind == WebSocketEventKind.Text) Take(member, e.Payload);
                    if (e.Kind == WebSocketEventKind.Close) Close(member, protocol);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the flood has what it wanted
        }
    }

    private async Task<int> ReceiveAsync(Member member, byte[] buffer)
    {
        int index;
        lock (_room) index = _members.IndexOf(member);
        await Reading(index, member.Said);
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
        var accept = Handshake.AcceptFor(key);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
    }

    private void Take(Member member, ReadOnlyMemory<byte> json)
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
        if (Refuse is { } code)
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
        Said(_members.IndexOf(member), ++member.Said);
        if (_said.TryGetValue(id, out var known))
        {
            member.Send($$"""{"type":"ack","id":"{{id}}","room":"lobby","seq":{{known}},"duplicate":true}""");
            return;
        }
        var answer = Answer(id, _seq + 1);
        member.Send(answer);
        if (answer.Contains("\"error\"", StringComparison.Ordinal)) return;
        _said[id] = ++_seq;
        _log[_seq] = Message(_seq, text);
        var frame = FrameWriter.Frame(Opcode.Text, Encoding.UTF8.GetBytes(_log[_seq]));
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

        public int Said { get; set; }

        public void Send(string json) => Send(FrameWriter.Frame(Opcode.Text, Encoding.UTF8.GetBytes(json)));

        public void Send(byte[] frame)
        {
            try
            {
                Socket.Send(frame);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It was cut, and comes back by another one.
            }
        }
    }
}
