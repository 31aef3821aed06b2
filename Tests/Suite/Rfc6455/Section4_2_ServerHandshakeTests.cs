using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 4.2: the requests that the server accepts, and the server's answers.</summary>
public class Section4_2_ServerHandshakeTests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";     // the example of the RFC

    private static HandshakeFault? Validate(
        string method = "GET", bool http11 = true, string? upgrade = "websocket", string? connection = "Upgrade",
        string? key = Key, string? version = "13", string? host = "chat.example") =>
        ServerHandshake.ValidateRequest(method, http11, upgrade, connection, key, version, host);

    [Test]
    public void Server_computes_the_accept_value_of_the_RFCs_example() =>
        HandshakeKey.ComputeAccept(Key).Should().Be("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    [Test]
    public void Server_accepts_a_simple_request() => Validate().Should().BeNull();

    [TestCase("websocket", "Upgrade")]
    [TestCase("WebSocket", "upgrade")]
    [TestCase("WEBSOCKET", "keep-alive, Upgrade")]
    [TestCase("h2c, websocket", "Upgrade,HTTP2-Settings")]
    [TestCase(" ,\twebsocket ", "keep-alive,\t uPGRADE ,")]
    public void Server_accepts_header_lists_in_any_case(string upgrade, string connection) =>
        Validate(upgrade: upgrade, connection: connection).Should().BeNull();

    [TestCase("POST")]
    [TestCase("HEAD")]
    [TestCase("get")]
    [TestCase("")]
    public void Server_rejects_another_method(string method) => Validate(method: method)!.Status.Should().Be(405);

    [Test]
    public void Server_rejects_HTTP_1_0() => Validate(http11: false)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("a.example, b.example")]
    public void Server_rejects_a_request_without_exactly_one_host(string? host) => Validate(host: host)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("h2c")]
    [TestCase("websockets")]
    [TestCase("web socket")]
    public void Server_requires_the_upgrade_header(string? upgrade) => ExpectFault(Validate(upgrade: upgrade), 426, "Upgrade: websocket");

    [TestCase(null)]
    [TestCase("keep-alive")]
    [TestCase("Upgraded")]
    public void Server_requires_the_connection_header(string? connection) =>
        ExpectFault(Validate(connection: connection), 426, "Connection: Upgrade");

    [TestCase(null)]
    [TestCase("")]
    [TestCase("8")]
    [TestCase("12")]
    [TestCase("013")]
    [TestCase("14")]
    public void Server_rejects_another_version_and_names_the_supported_version(string? version) =>
        ExpectFault(Validate(version: version), 426, "Sec-WebSocket-Version: 13");

    [TestCase("13, 13")]
    [TestCase("8, 13")]
    public void Server_rejects_two_versions(string version) => Validate(version: version)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("dGhlIHNhbXBsZSBub25jZQ")]                                            // no padding
    [TestCase("dGhlIHNhbXBsZSBub25j")]                                              // 15 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZQAB")]                                          // 18 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZQA=")]                                          // 17 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZ!==")]
    [TestCase("dGhlIHNhbXBsZSBub2 jZQ==")]
    [TestCase("dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==")]                // twice
    public void Server_rejects_a_key_that_is_not_exactly_16_bytes(string? key) => ExpectFault(Validate(key: key), 400, "Sec-WebSocket-Key");

    [Test]
    public void Server_ignores_white_space_around_key_and_version() => Validate(key: $" {Key}\t", version: " 13 ").Should().BeNull();

    [Test]
    public void Server_chooses_the_subprotocol_by_its_own_order()
    {
        string[] supported = ["rawchat.v1.json", "rawchat.v1.text"];
        ServerHandshake.ChooseSubprotocol(["rawchat.v1.text, rawchat.v1.json"], supported).Should().Be("rawchat.v1.json");
        ServerHandshake.ChooseSubprotocol(["other", " rawchat.v1.text ,,"], supported).Should().Be("rawchat.v1.text");
    }

    [Test]
    public void Server_chooses_no_subprotocol_if_the_client_offers_no_supported_one()
    {
        string[] supported = ["rawchat.v1.json"];
        ServerHandshake.ChooseSubprotocol([], supported).Should().BeNull();
        ServerHandshake.ChooseSubprotocol(["", ", ,"], supported).Should().BeNull();
        ServerHandshake.ChooseSubprotocol(["RAWCHAT.v1.json", "rawchat.v1"], supported).Should().BeNull("the comparison of names is case-sensitive");
    }

    private static void ExpectFault(HandshakeFault? fault, int status, string validHeader)
    {
        fault.Should().NotBeNull();
        fault!.Status.Should().Be(status);
        fault.Text.Should().Contain(validHeader, "the text names a valid header");
    }
}
