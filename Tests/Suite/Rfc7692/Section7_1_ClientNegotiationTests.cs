using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Sections 5 and 7.1 for the client: the offers that it sends, and the answers that it accepts.</summary>
public class Section7_1_ClientNegotiationTests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    private static readonly DeflateOffer Bare = new();
    private static readonly DeflateOffer Everything = new()
    {
        ServerNoContextTakeover = true,
        ClientNoContextTakeover = true,
        ServerMaxWindowBits = 10,
        ClientMaxWindowBits = 12,
    };

    [Test]
    public void Client_formats_its_offers()
    {
        DeflateNegotiation.FormatOffers(Bare).Should().Be("permessage-deflate");
        DeflateNegotiation.FormatOffers(new DeflateOffer { ClientMaxWindowBits = 15 }).Should().Be("permessage-deflate; client_max_window_bits");
        DeflateNegotiation.FormatOffers(Everything, Bare).Should().Be("permessage-deflate; server_no_context_takeover; "
            + "client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12, permessage-deflate");
    }

    [TestCase(7)]
    [TestCase(16)]
    public void Client_refuses_to_offer_an_invalid_window_size(int bits)
    {
        FluentActions.Invoking(() => DeflateNegotiation.FormatOffers(new DeflateOffer { ServerMaxWindowBits = bits })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => DeflateNegotiation.FormatOffers(new DeflateOffer { ClientMaxWindowBits = bits })).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Test]
    public void Client_compresses_nothing_after_an_answer_without_the_extension()
    {
        ReadAnswer(null, out var agreed, Everything).Should().BeNull();
        agreed.Should().BeNull();
    }

    [TestCase("permessage-deflate", false, false, 15, 15)]
    [TestCase("permessage-deflate; server_no_context_takeover", true, false, 15, 15)]
    [TestCase("permessage-deflate; client_no_context_takeover", false, true, 15, 15)]
    [TestCase("permessage-deflate; server_max_window_bits=9", false, false, 9, 15)]
    [TestCase("permessage-deflate; server_max_window_bits=\"9\"", false, false, 9, 15)]
    [TestCase("permessage-deflate; client_max_window_bits=8", false, false, 15, 8)]
    public void Client_accepts_parameters_that_the_server_adds(string answer, bool serverNoTakeover, bool clientNoTakeover, int serverBits, int clientBits)
    {
        ReadAnswer(answer, out var agreed, new DeflateOffer { ClientMaxWindowBits = 15 }).Should().BeNull();
        agreed.Should().Be(new DeflateParameters
        {
            ServerNoContextTakeover = serverNoTakeover,
            ClientNoContextTakeover = clientNoTakeover,
            ServerMaxWindowBits = serverBits,
            ClientMaxWindowBits = clientBits,
        });
    }

    [Test]
    public void Client_keeps_its_own_parameters_if_the_answer_omits_them()
    {
        ReadAnswer("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", out var agreed, Everything).Should().BeNull();
        agreed!.ClientNoContextTakeover.Should().BeTrue();
        agreed.ClientMaxWindowBits.Should().Be(12);
    }

    [Test]
    public void Client_accepts_an_answer_to_its_second_offer()
    {
        ReadAnswer("permessage-deflate", out var agreed, Everything, Bare).Should().BeNull();
        agreed.Should().Be(DeflateTestData.Takeover);
    }

    [TestCase("permessage-deflate; server_max_window_bits=10", "match no offer", TestName = "{m}(server_no_context_takeover is missing)")]
    [TestCase("permessage-deflate; server_no_context_takeover", "match no offer", TestName = "{m}(server_max_window_bits is missing)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=11", "match no offer", TestName = "{m}(the server's window is too large)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=13", "match no offer",
        TestName = "{m}(the client's window is larger than offered)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits", "invalid", TestName = "{m}(missing value)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=010", "invalid", TestName = "{m}(leading zero)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_no_context_takeover; server_max_window_bits=10", "invalid", TestName = "{m}(repeated parameter)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; x", "invalid", TestName = "{m}(unknown parameter)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10, permessage-deflate", "twice", TestName = "{m}(two answers)")]
    [TestCase("x-other", "not offered", TestName = "{m}(another extension)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10, x-other", "not offered", TestName = "{m}(an additional extension)")]
    [TestCase("permessage-deflate;", "malformed", TestName = "{m}(malformed)")]
    public void Client_rejects_an_invalid_answer(string answer, string why)
    {
        ReadAnswer(answer, out var agreed, Everything).Should().Contain(why);
        agreed.Should().BeNull();
    }

    [Test]
    public void Client_rejects_a_window_limit_that_it_did_not_offer() =>
        ReadAnswer("permessage-deflate; client_max_window_bits=10", out _, Bare).Should().Contain("match no offer");

    [Test]
    public void Client_without_offers_rejects_an_answer() => ReadAnswer("permessage-deflate", out _).Should().Contain("not offered");

    private static string? ReadAnswer(string? extensions, out DeflateParameters? agreed, params DeflateOffer[] offers)
    {
        var header = extensions is null ? "" : $"Sec-WebSocket-Extensions: {extensions}\r\n";
        var response = Wire.Utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Accept: {HandshakeKey.ComputeAccept(Key)}\r\n{header}\r\n");
        ClientHandshake.TryReadResponse(response, Key, offers, out _, out _, out agreed, out var fault).Should().BeTrue();
        return fault;
    }
}
