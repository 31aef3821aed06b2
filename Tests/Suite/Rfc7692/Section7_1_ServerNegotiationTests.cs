using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Sections 5 and 7.1 for the server: the offer that it accepts, and the answer that it sends.</summary>
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
    public void Server_without_preferences_grants_the_offer(string offer, string answer) =>
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
    public void Server_declines_an_invalid_or_unknown_offer(string offer) => Choose(new(), offer).Should().BeNull();

    [Test]
    public void Server_accepts_the_first_valid_offer_in_one_or_several_headers()
    {
        string[] offers = ["x-other; a=b", $"{Name}; x", $"{Name}; server_max_window_bits=10", Name];
        Choose(new(), string.Join(", ", offers)).Should().Be($"{Name}; server_max_window_bits=10");
        Choose(new(), offers).Should().Be($"{Name}; server_max_window_bits=10");
        Choose(new(), $"{Name},{Name}; server_max_window_bits=10").Should().Be(Name);
    }

    [Test]
    public void Server_without_context_takeover_answers_with_both_parameters()
    {
        Choose(DeflateTestData.NoTakeover, $"{Name}; client_max_window_bits")
            .Should().Be($"{Name}; server_no_context_takeover; client_no_context_takeover");
        DeflateNegotiation.ChooseOffer([Name], DeflateTestData.NoTakeover, out var agreed, out _).Should().BeNull();
        agreed.Should().Be(DeflateTestData.NoTakeover);
    }

    [Test]
    public void Server_limits_the_clients_window_only_if_the_offer_allows_this_limit()
    {
        var preferred = new DeflateParameters { ServerMaxWindowBits = 12, ClientMaxWindowBits = 10 };
        Choose(preferred, Name).Should().Be($"{Name}; server_max_window_bits=12");
        Choose(preferred, $"{Name}; server_max_window_bits=11; client_max_window_bits")
            .Should().Be($"{Name}; server_max_window_bits=11; client_max_window_bits=10");
        Choose(preferred, $"{Name}; server_max_window_bits=14; client_max_window_bits=9")
            .Should().Be($"{Name}; server_max_window_bits=12; client_max_window_bits=9");
    }

    [Test]
    public void Server_without_compression_accepts_no_offer()
    {
        DeflateNegotiation.ChooseOffer([Name], preferred: null, out var agreed, out var answer).Should().BeNull();
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
    public void Server_rejects_a_malformed_header(string header)
    {
        foreach (var preferred in new[] { null, DeflateTestData.NoTakeover })
        {
            var fault = DeflateNegotiation.ChooseOffer([header], preferred, out var agreed, out var answer);
            fault.Should().Contain(Name);
            (agreed, answer).Should().Be((null, null));
        }
    }

    [Test]
    public void Server_reads_escapes_in_a_quoted_value() =>
        Choose(new(), "permessage-deflate; server_max_window_bits=\"1\\2\"").Should().Be($"{Name}; server_max_window_bits=12");

    private static string? Choose(DeflateParameters preferred, params string[] offered)
    {
        DeflateNegotiation.ChooseOffer(offered, preferred, out var agreed, out var answer).Should().BeNull();
        (agreed is null).Should().Be(answer is null);
        return answer;
    }
}
