using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Compression;

/// <summary>Tests the server with clients that offer permessage-deflate, with and without each parameter.</summary>
[Category(Categories.Slow)] // sends messages through many compressed connections
public sealed class CompressedChatTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("all that grows ", 400));

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Server_and_client_exchange_messages_with_every_kind_of_offer(
        [Values] bool serverNoTakeover, [Values] bool clientNoTakeover, [Values(null, 8, 13, 15)] int? serverBits, [Values(null, 9, 15)] int? clientBits)
    {
        var offer = new DeflateOffer
        {
            ServerNoContextTakeover = serverNoTakeover,
            ClientNoContextTakeover = clientNoTakeover,
            ServerMaxWindowBits = serverBits,
            ClientMaxWindowBits = clientBits,
        };
        await using var ann = await ConnectAsync("ann", offer);
        await using var bob = await ConnectAsync("bob");
        ann.Deflate.Should().Be(new DeflateParameters
        {
            ServerNoContextTakeover = true,
            ClientNoContextTakeover = true,
            ServerMaxWindowBits = serverBits ?? 15,
            ClientMaxWindowBits = clientBits ?? 15,
        });
        bob.Deflate.Should().BeNull();

        foreach (var text in new[] { "short", Long, "short again", Long })
        {
            await ann.SayAsync(text);
            await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
            await bob.SayAsync(text + "!");
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text + "!");
        }
    }

    [Test]
    public async Task Server_compresses_a_long_message_and_sends_a_short_one_uncompressed()
    {
        await using var ann = await ConnectAsync("ann", new DeflateOffer());
        await using var bob = await ConnectAsync("bob");
        await using var eve = await ConnectAsync("eve");
        await TestWait.UntilAsync(() => ann.Inbox.All.OfType<PresenceFrame>().Count() == 2, "the presence frames of both members");
        await bob.Inbox.ExpectAsync<PresenceFrame>();

        (await BytesOfAsync(Long)).Should().Match<(long Compressed, long Plain)>(bytes => bytes.Compressed < Long.Length / 10 && bytes.Plain > Long.Length);
        (await BytesOfAsync("short")).Should().Match<(long Compressed, long Plain)>(bytes => bytes.Compressed == bytes.Plain);

        async Task<(long Compressed, long Plain)> BytesOfAsync(string text)
        {
            var (before, plainBefore) = (ann.ReceivedBytes, bob.ReceivedBytes);
            await eve.SayAsync(text);
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
            await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
            return (ann.ReceivedBytes - before, bob.ReceivedBytes - plainBefore);
        }
    }

    [Test]
    public async Task Client_can_change_the_format_on_a_compressed_connection()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby", frames: false, deflate: [new DeflateOffer()]);
        await ann.SendAsync("/format text");
        await ann.SendAsync(Long);
        await TestWait.UntilAsync(() => Has("<ann> " + Long[..20]), "the text");
        await ann.SendAsync("/format json");
        await ann.SendAsync(Long);
        await TestWait.UntilAsync(() => Has("\"text\":\"" + Long[..20]), "the JSON");

        bool Has(string part)
        {
            lock (ann.Lines)
                return ann.Lines.Any(line => line.Contains(part));
        }
    }

    [Test]
    public async Task Operator_can_allow_context_takeover_for_clients()
    {
        await using var server = await ServerUnderTest.StartAsync("--Deflate:ClientContextTakeover", "true");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby", deflate: [new DeflateOffer()]);
        ann.Deflate.Should().Be(new DeflateParameters { ServerNoContextTakeover = true });
        for (var i = 0; i < 5; i++)
            (await ann.SayAsync(Long)).Seq.Should().Be(i + 1);
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 5 && message.Text == Long);
    }

    [Test]
    public async Task Server_compresses_a_message_that_has_MinBytes_or_more()
    {
        await using var server = await ServerUnderTest.StartAsync("--Deflate:MinBytes", "1");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann", deflate: [new DeflateOffer()]);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        var welcome = await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.Name.Should().Be("ann");
        ann.ReceivedBytes.Should().BeLessThan(bob.ReceivedBytes);
    }

    [Test]
    public async Task Server_declines_every_offer_if_compression_is_not_enabled()
    {
        await using var server = await ServerUnderTest.StartAsync("--Deflate:Enabled", "false");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby", deflate: [new DeflateOffer()]);
        ann.Deflate.Should().BeNull();
        (await ann.SayAsync(Long)).Seq.Should().Be(1);
    }

    [Test]
    public async Task Server_rejects_a_malformed_header_with_400_and_a_valid_example()
    {
        var connect = () => ChatClient.ConnectAsync(_server.HttpPort, headers: [KeyValuePair.Create("Sec-WebSocket-Extensions", "permessage-deflate;")]);
        (await connect.Should().ThrowAsync<HandshakeRefusedException>()).Which.Response.Should().StartWith("HTTP/1.1 400").And.Contain("permessage-deflate; client_max_window_bits");
    }

    [Test]
    public async Task Server_ignores_an_unknown_offer()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann",
            headers: [KeyValuePair.Create("Sec-WebSocket-Extensions", "permessage-deflate; x, x-other")]);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
    }

    [Test]
    public async Task Server_closes_with_1009_when_an_inflated_message_exceeds_the_limit()
    {
        await using var within = await ConnectAsync("ann", new DeflateOffer());
        await within.SendAsync("""{"type":"ping"}""".PadRight(65_536));
        await within.Inbox.ExpectAsync<PongFrame>();
        await within.SendAsync("""{"type":"ping"}""".PadRight(65_537));
        (await within.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);

        await using var mallory = await ConnectAsync("mallory", new DeflateOffer());
        await mallory.SendBytesAsync(Wire.Compressed(WebSocketRole.Server, Rfc7692.DeflateTestData.Deflate(new byte[50 * 1024 * 1024])));
        var (code, reason) = await mallory.Closed.OrFail("the close");
        code.Should().Be(CloseCode.TooBig);
        reason.Should().Contain("65536");
    }

    [TestCase("ff", CloseCode.InvalidPayload)]
    [TestCase("f2 00 11 00 00", CloseCode.InvalidPayload)]
    public async Task Server_closes_with_1007_on_invalid_data(string hex, int expected)
    {
        await using var mallory = await ConnectAsync("mallory", new DeflateOffer());
        await mallory.SendBytesAsync(Wire.Compressed(WebSocketRole.Server, Wire.Hex(hex)));
        (await mallory.Closed.OrFail("the close")).Code.Should().Be((ushort)expected);
    }

    [Test]
    public async Task Server_closes_with_1002_on_a_compressed_frame_without_an_agreement()
    {
        await using var mallory = await ConnectAsync("mallory");
        await mallory.SendBytesAsync(Wire.Compressed(WebSocketRole.Server, Rfc7692.DeflateTestData.Deflate(Encoding.UTF8.GetBytes(Long))));
        (await mallory.Closed.OrFail("the close")).Code.Should().Be(CloseCode.ProtocolError);
    }

    private async Task<ChatClient> ConnectAsync(string name, params DeflateOffer[] offers)
    {
        var client = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name={name}&room=lobby", deflate: offers.Length == 0 ? null : offers);
        await client.Inbox.ExpectAsync<JoinedFrame>();
        return client;
    }
}
