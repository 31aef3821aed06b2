using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>5 and 7.1 for a client: what it offers, and which answers it takes.</summary>
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
    public void Offers_are_written_as_the_RFC_writes_them()
    {
        DeflateNegotiation.Offer(Bare).Should().Be("permessage-deflate");
        DeflateNegotiation.Offer(new DeflateOffer { ClientMaxWindowBits = 15 }).Should().Be("permessage-deflate; client_max_window_bits");
        DeflateNegotiation.Offer(Everything, Bare).Should().Be("permessage-deflate; server_no_context_takeover; "
            + "client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12, permessage-deflate");
    }

    [TestCase(7)]
    [TestCase(16)]
    public void A_window_that_there_is_not_cannot_be_offered(int bits)
    {
        FluentActions.Invoking(() => DeflateNegotiation.Offer(new DeflateOffer { ServerMaxWindowBits = bits })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => DeflateNegotiation.Offer(new DeflateOffer { ClientMaxWindowBits = bits })).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Test]
    public void An_answer_without_the_extension_means_that_nothing_is_compressed()
    {
        Answer(null, out var agreed, Everything).Should().BeNull();
        agreed.Should().BeNull();
    }

    [TestCase("permessage-deflate", false, false, 15, 15)]
    [TestCase("permessage-deflate; server_no_context_takeover", true, false, 15, 15)]
    [TestCase("permessage-deflate; client_no_context_takeover", false, true, 15, 15)]
    [TestCase("permessage-deflate; server_max_window_bits=9", false, false, 9, 15)]
    [TestCase("permessage-deflate; server_max_window_bits=\"9\"", false, false, 9, 15)]
    [TestCase("permessage-deflate; client_max_window_bits=8", false, false, 15, 8)]
    public void What_the_server_adds_to_a_plain_offer_is_taken(string answer, bool serverAnew, bool clientAnew, int serverBits, int clientBits)
    {
        Answer(answer, out var agreed, new DeflateOffer { ClientMaxWindowBits = 15 }).Should().BeNull();
        agreed.Should().Be(new DeflateParameters
        {
            ServerNoContextTakeover = serverAnew,
            ClientNoContextTakeover = clientAnew,
            ServerMaxWindowBits = serverBits,
            ClientMaxWindowBits = clientBits,
        });
    }

    [Test]
    public void What_the_client_said_of_itself_holds_although_the_answer_is_silent()
    {
        Answer("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", out var agreed, Everything).Should().BeNull();
        agreed!.ClientNoContextTakeover.Should().BeTrue();
        agreed.ClientMaxWindowBits.Should().Be(12);
    }

    [Test]
    public void An_answer_may_be_to_a_later_offer()
    {
        Answer("permessage-deflate", out var agreed, Everything, Bare).Should().BeNull();
        agreed.Should().Be(Agreed.Takeover);
    }

    [TestCase("permessage-deflate; server_max_window_bits=10", "answer no offer", TestName = "{m}(the server's takeover was to end)")]
    [TestCase("permessage-deflate; server_no_context_takeover", "answer no offer", TestName = "{m}(the server's window was to be smaller)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=11", "answer no offer", TestName = "{m}(the server's window is too large)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=13", "answer no offer",
        TestName = "{m}(the client's window is larger than it said)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits", "not right", TestName = "{m}(no value)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=010", "not right", TestName = "{m}(leading zero)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_no_context_takeover; server_max_window_bits=10", "not right", TestName = "{m}(twice)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; x", "not right", TestName = "{m}(unknown)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10, permessage-deflate", "twice", TestName = "{m}(two answers)")]
    [TestCase("x-other", "not asked for", TestName = "{m}(another extension)")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_max_window_bits=10, x-other", "not asked for", TestName = "{m}(one more extension)")]
    [TestCase("permessage-deflate;", "not of its form", TestName = "{m}(malformed)")]
    public void An_answer_that_does_not_fit_fails_the_handshake(string answer, string why)
    {
        Answer(answer, out var agreed, Everything).Should().Contain(why);
        agreed.Should().BeNull();
    }

    [Test]
    public void The_clients_window_cannot_be_limited_where_it_did_not_say_so() =>
        Answer("permessage-deflate; client_max_window_bits=10", out _, Bare).Should().Contain("answer no offer");

    [Test]
    public void An_answer_to_no_offer_fails_the_handshake() => Answer("permessage-deflate", out _).Should().Contain("not asked for");

    private static string? Answer(string? extensions, out DeflateParameters? agreed, params DeflateOffer[] offers)
    {
        var header = extensions is null ? "" : $"Sec-WebSocket-Extensions: {extensions}\r\n";
        var response = Wire.Utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Accept: {Handshake.AcceptFor(Key)}\r\n{header}\r\n");
        Handshake.TryReadResponse(response, Key, offers, out _, out _, out agreed, out var fault).Should().BeTrue();
        return fault;
    }
}
