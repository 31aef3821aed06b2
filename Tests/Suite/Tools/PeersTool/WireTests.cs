using System.Text;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.PeersTool;

/// <summary>
/// Reads the recorded output of each peer (ws 8.23.0, socket.io 4.8.4, SignalR of .NET 10.0.12, nchan 1.3.6). In each recording, the peer sends
/// messages 7 and 8 in one write. Each character of a recording is one byte.
/// </summary>
public sealed class WireTests
{
    private const string Padding = "xxxxxxxxxxxxxxxxxxxxxxx";
    private const string SignalRGreeting = "\u0081\u002e{}\u001e{\"type\":1,\"target\":\"ready\",\"arguments\":[]}\u001e";

    private const string SocketIoGreeting =
        "\u0081k0{\"sid\":\"pNXWoWLn8s0e6ya2AAAA\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}\u0081 40{\"sid\":\"3Ngv0zXg-MShbkBuAAAA\"}\u0081\u000b42[\"ready\"]";

    private const string ChatGreeting =
        """~4{"type":"welcome","session":"c663a09cd9f9cf5a213ea768b8243bd72fdb070a8afcb3ce222e6d7da3990d0c","user":"u4c215f33f258aaa7","name":"peer-0","guest":true,"protocol":1,"server":"RawSocketChat/0.1.0","at":"2026-11-25T08:13:21.600Z","limits":{"frameBytes":65536,"textLength":8000,"messagesPerSecond":5},"rooms":[]}"""
        + """~´{"type":"joined","room":"peers","epoch":"43290b1564448f88","seq":0,"topic":"","role":"owner","members":[{"user":"u4c215f33f258aaa7","name":"peer-0"}],"memberCount":1,"messages":[]}""";

    private const string SignalRDelivery =
        "{\"type\":1,\"target\":\"message\",\"arguments\":[\"@00000007" + Padding + "\"]}\u001e{\"type\":1,\"target\":\"message\",\"arguments\":[\"@00000008" + Padding + "\"]}\u001e";

    private static readonly Dictionary<string, (Wire Wire, string Greeting, string Delivery)> Recorded = new()
    {
        ["usewebsockets, ws"] = (new PlainWire(), "\u0081\u0005ready", $"\u0081 @00000007{Padding}\u0081 @00000008{Padding}"),
        ["nchan"] = (new NchanWire(), "", $"\u0081 @00000007{Padding}\u0081 @00000008{Padding}"),
        ["socket.io"] = (new SocketIoWire(), SocketIoGreeting, $"\u0081042[\"message\",\"@00000007{Padding}\"]\u0081042[\"message\",\"@00000008{Padding}\"]"),
        ["signalr"] = (new SignalRWire(), SignalRGreeting, "\u0081~\0\u009e" + SignalRDelivery),
        ["rawsocketchat"] = (new ChatWire(), ChatGreeting.Replace("~4", "\u0081~\u0001\u0034", StringComparison.Ordinal).Replace("~´", "\u0081~\0\u00b4", StringComparison.Ordinal),
            """
            E{"type":"ack","room":"peers","seq":1,"at":"2026-11-25T08:13:22.637Z"}
            E{"type":"ack","room":"peers","seq":2,"at":"2026-11-25T08:13:22.637Z"}
            §{"type":"message","room":"peers","seq":1,"at":"2026-11-25T08:13:22.637Z","from":{"user":"u4c215f33f258aaa7","name":"peer-0"},"text":"@00000007xxxxxxxxxxxxxxxxxxxxxxx"}
            §{"type":"message","room":"peers","seq":2,"at":"2026-11-25T08:13:22.637Z","from":{"user":"u4c215f33f258aaa7","name":"peer-0"},"text":"@00000008xxxxxxxxxxxxxxxxxxxxxxx"}
            """.ReplaceLineEndings("").Replace("E{", "\u0081E{", StringComparison.Ordinal).Replace("§{", "\u0081~\0\u00a7{", StringComparison.Ordinal)),
    };

    private static IEnumerable<string> Names => Recorded.Keys;

    [TestCaseSource(nameof(Names))]
    public async Task Receiver_counts_two_messages_of_one_read(string peer) => await ExpectDeliveriesAsync(peer, pieceBytes: int.MaxValue);

    [TestCaseSource(nameof(Names))]
    public async Task Receiver_counts_two_messages_that_arrive_byte_by_byte(string peer) => await ExpectDeliveriesAsync(peer, pieceBytes: 1);

    [Test]
    public async Task Receiver_finds_a_message_number_that_is_split_across_two_fragments()
    {
        var fragments = new StringBuilder();
        foreach (var (piece, i) in SignalRDelivery.Chunk(10).Select((piece, i) => (piece, i)))
        {
            var isLast = (i + 1) * 10 >= SignalRDelivery.Length;
            fragments.Append((char)((isLast ? 0x80 : 0) | (i == 0 ? 1 : 0))).Append((char)piece.Length).Append(piece);
        }

        await ReceiveAsync(new SignalRWire(), SignalRGreeting, fragments.ToString(), (receiver, _) => TestWait.UntilAsync(() => receiver.Delivered == 2, "two deliveries"));
    }

    [TestCase("socket.io", "\u0081\u00012", "\u0081\u0081\0\0\0\03", TestName = "Load_answers_a_ping_of_socket_io")]
    [TestCase("signalr", "\u0081\u000b{\"type\":6}\u001e", "\u0081\u008b\0\0\0\0{\"type\":6}\u001e", TestName = "Load_answers_a_ping_of_SignalR")]
    [TestCase("rawsocketchat", "\u0089\u0002hi", "\u008a\u0082\0\0\0\0hi", TestName = "Load_answers_a_WebSocket_ping")]
    public Task Load_answers_a_ping(string peer, string ping, string answer) => ReceiveAsync(
        Recorded[peer].Wire, Recorded[peer].Greeting, ping, (_, server) => TestWait.UntilAsync(() => server.Received.EndsWith(answer, StringComparison.Ordinal), () => $"the answer, after {server.Received}"));

    [TestCase("rawsocketchat", """{"type":"error","code":"rate-limited","text":"too fast"}""", "rate-limited")]
    [TestCase("rawsocketchat", """{"type":"lag","queued":600000,"limit":1048576}""", "lag")]
    [TestCase("signalr", """{"type":7,"error":"Server timeout"}""", "Server timeout")]
    public Task Receiver_reports_an_error_of_the_peer(string peer, string sent, string expected) => ReceiveAsync(
        Recorded[peer].Wire, Recorded[peer].Greeting, $"\u0081{(char)sent.Length}{sent}",
        (receiver, _) => TestWait.UntilAsync(() => receiver.Error?.Contains(expected, StringComparison.Ordinal) == true, "the error"));

    [Test]
    public Task Receiver_counts_repeated_messages_and_ignores_messages_from_before_the_measurement() => ReceiveAsync(
        new PlainWire(), "\u0081\u0005ready", $"\u0081\u0009@00000006\u0081\u0009@00000008\u0081\u0009@00000007\u0081\u0009@00000008\u0081\u0009@00000009",
        async (receiver, _) =>
        {
            await TestWait.UntilAsync(() => receiver.Delivered == 2, () => $"8 and 9, not {receiver.Delivered}");
            receiver.Repeated.Should().Be(2, "8 arrived twice, and 7 arrived after 8");
        });

    [Test]
    public void Load_fails_if_the_peer_closes_before_it_is_ready()
    {
        using var peer = RecordedPeer.Start("\u0088\u0002\u0003\u00e8");
        using var connection = new LoadConnection(peer.EndPoint);
        connection.Invoking(opened => opened.Open(new PlainWire(), 0, publishes: true)).Should().Throw<LoadException>().WithMessage("*closed before it was ready*");
    }

    private static Task ExpectDeliveriesAsync(string name, int pieceBytes)
    {
        var (wire, greeting, delivery) = Recorded[name];
        return ReceiveAsync(wire, greeting, delivery, async (receiver, server) =>
        {
            await TestWait.UntilAsync(() => receiver.Delivered == 2, () => $"2 deliveries, not {receiver.Delivered}");
            (receiver.Repeated, receiver.Closed, receiver.Error).Should().Be((0, 0, null));
            if (name == "socket.io")
                await TestWait.UntilAsync(() => server.Received == "\u0081\u0082\0\0\0\040", () => $"the connect message; the client sent {server.Received}");
            if (name == "signalr")
                await TestWait.UntilAsync(() => server.Received.StartsWith("\u0081\u00a0\0\0\0\0{\"protocol\":\"json\",\"version\":1}\u001e", StringComparison.Ordinal), () => $"its handshake, not {server.Received}");
        }, pieceBytes);
    }

    private static async Task ReceiveAsync(Wire wire, string greeting, string sent, Func<Receiver, RecordedPeer, Task> expect, int pieceBytes = int.MaxValue)
    {
        using var peer = RecordedPeer.Start(greeting);
        using var connection = new LoadConnection(peer.EndPoint);
        connection.Open(wire, 0, publishes: true);
        using var receiver = new Receiver(wire, 1);
        receiver.Reset(first: 7, withLatency: false);
        receiver.Add(connection);
        await peer.SendAsync(sent, pieceBytes);
        await expect(receiver, peer);
    }
}
