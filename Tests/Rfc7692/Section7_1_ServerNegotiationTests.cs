using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>5 and 7.1 for a server: which offer it takes, and what it answers.</summary>
public class Section7_1_ServerNegotiationTests
{
    private const string Name = "permessage-deflate";

    [TestCase("permessage-deflate", "permessage-deflate")]
    [TestCase("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover")]
    [TestCase("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover")]
    [TestCase("permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8")]
    [TestCase("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15")]
    [TestCase("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10")]
    [TestCase("permessage-deflate; client_max_window_bits", "permessage-deflate")]
    [TestCase("permessage-deflate; client_max_window_bits=15", "permessage-deflate")]
    [TestCase("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9")]
    [TestCase("permessage-deflate;server_max_window_bits = 10 ;\tclient_max_window_bits ; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=10")]
    public void A_server_without_wishes_of_its_own_grants_what_is_asked(string offer, string answer) =>
        Choose(new(), offer).Should().Be(answer);

    [TestCase("permessage-deflate; server_no_context_takeover=1")]
    [TestCase("permessage-deflate; client_no_context_takeover=true")]
    [TestCase("permessage-deflate; server_max_window_bits")]
    [TestCase("permessage-deflate; server_max_window_bits=7")]
    [TestCase("permessage-deflate; server_max_window_bits=16")]
    [TestCase("permessage-deflate; server_max_window_bits=08")]
    [TestCase("permessage-deflate; server_max_window_bits=+9")]
    [TestCase("permessage-deflate; client_max_window_bits=7")]
    [TestCase("permessage-deflate; client_max_window_bits=100")]
    [TestCase("permessage-deflate; client_max_window_bits=1x")]
    [TestCase("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [TestCase("permessage-deflate; client_max_window_bits; client_max_window_bits=10")]
    [TestCase("permessage-deflate; x")]
    [TestCase("permessage-deflate; Server_No_Context_Takeover")]
    [TestCase("x-webkit-deflate-frame")]
    [TestCase("permessage-bzip2; server_no_context_takeover")]
    [TestCase("")]
    [TestCase(" , ,")]
    public void An_offer_that_is_not_right_or_not_known_is_declined(string offer) => Choose(new(), offer).Should().BeNull();

    [Test]
    public void The_first_offer_that_can_be_taken_counts_in_one_header_or_in_several()
    {
        string[] offers = ["x-other; a=b", $"{Name}; x", $"{Name}; server_max_window_bits=10", Name];
        Choose(new(), string.Join(", ", offers)).Should().Be($"{Name}; server_max_window_bits=10");
        Choose(new(), offers).Should().Be($"{Name}; server_max_window_bits=10");
        Choose(new(), $"{Name},{Name}; server_max_window_bits=10").Should().Be(Name);
    }

    [Test]
    public void A_server_that_begins_each_message_anew_says_so_and_asks_the_client_for_the_same()
    {
        Choose(Agreed.NoTakeover, $"{Name}; client_max_window_bits")
            .Should().Be($"{Name}; server_no_context_takeover; client_no_context_takeover");
        DeflateNegotiation.Choose([Name], Agreed.NoTakeover, out var agreed, out _).Should().BeNull();
        agreed.Should().Be(Agreed.NoTakeover);
    }

    [Test]
    public void A_server_limits_windows_the_clients_only_where_it_may()
    {
        var wanted = new DeflateParameters { ServerMaxWindowBits = 12, ClientMaxWindowBits = 10 };
        Choose(wanted, Name).Should().Be($"{Name}; server_max_window_bits=12");
        Choose(wanted, $"{Name}; server_max_window_bits=11; client_max_window_bits")
            .Should().Be($"{Name}; server_max_window_bits=11; client_max_window_bits=10");
        Choose(wanted, $"{Name}; server_max_window_bits=14; client_max_window_bits=9")
            .Should().Be($"{Name}; server_max_window_bits=12; client_max_window_bits=9");
    }

    [Test]
    public void A_server_that_wants_no_compression_takes_no_offer()
    {
        DeflateNegotiation.Choose([Name], wanted: null, out var agreed, out var answer).Should().BeNull();
        (agreed, answer).Should().Be((null, null));
    }

    [TestCase("permessage-deflate;")]
    [TestCase("permessage-deflate; =10")]
    [TestCase("permessage-deflate; server_max_window_bits=")]
    [TestCase("permessage-deflate; server_max_window_bits=\"10")]
    [TestCase("permessage-deflate; server_max_window_bits=\"1 0\"")]
    [TestCase("permessage-deflate; server_max_window_bits=\"\\")]
    [TestCase("permessage-deflate; server_max_window_bits=\"\"")]
    [TestCase("permessage-deflate server_no_context_takeover")]
    [TestCase("permessage-deflate; a=b c")]
    [TestCase("permessage-deflate; ;")]
    [TestCase("; a")]
    [TestCase("\"permessage-deflate\"")]
    [TestCase("permessage-deflate, @")]
    public void A_header_that_is_not_of_its_form_fails_the_handshake(string header)
    {
        foreach (var wanted in new[] { null, Agreed.NoTakeover })
        {
            var fault = DeflateNegotiation.Choose([header], wanted, out var agreed, out var answer);
            fault!.Status.Should().Be(400);
            fault.Text.Should().Contain(Name);
            (agreed, answer).Should().Be((null, null));
        }
    }

    [Test]
    public void A_quoted_value_may_have_escapes() =>
        Choose(new(), "permessage-deflate; server_max_window_bits=\"1\\2\"").Should().Be($"{Name}; server_max_window_bits=12");

    private static string? Choose(DeflateParameters wanted, params string[] offered)
    {
        DeflateNegotiation.Choose(offered, wanted, out var agreed, out var answer).Should().BeNull();
        (agreed is null).Should().Be(answer is null);
        return answer;
    }
}
