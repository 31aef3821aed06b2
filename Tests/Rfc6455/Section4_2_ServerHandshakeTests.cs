using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>4.2: what a server asks of a request, and how it answers.</summary>
public class Section4_2_ServerHandshakeTests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";     // the RFC's

    private static HandshakeFault? Check(
        string method = "GET", bool http11 = true, string? upgrade = "websocket", string? connection = "Upgrade",
        string? key = Key, string? version = "13", string? host = "chat.example") =>
        Handshake.Check(method, http11, upgrade, connection, key, version, host);

    [Test]
    public void Server_answers_the_rfcs_key_with_the_rfcs_accept() =>
        Handshake.AcceptFor(Key).Should().Be("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    [Test]
    public void Server_accepts_the_plain_request() => Check().Should().BeNull();

    [TestCase("websocket", "Upgrade")]
    [TestCase("WebSocket", "upgrade")]
    [TestCase("WEBSOCKET", "keep-alive, Upgrade")]
    [TestCase("h2c, websocket", "Upgrade,HTTP2-Settings")]
    [TestCase(" ,\twebsocket ", "keep-alive,\t uPGRADE ,")]
    public void Server_accepts_lists_in_any_case(string upgrade, string connection) =>
        Check(upgrade: upgrade, connection: connection).Should().BeNull();

    [TestCase("POST")]
    [TestCase("HEAD")]
    [TestCase("get")]
    [TestCase("")]
    public void Server_refuses_another_method(string method) => Check(method: method)!.Status.Should().Be(405);

    [Test]
    public void Server_refuses_http_1_0() => Check(http11: false)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("a.example, b.example")]
    public void Server_refuses_a_request_without_one_host(string? host) => Check(host: host)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("h2c")]
    [TestCase("websockets")]
    [TestCase("web socket")]
    public void Server_asks_for_the_upgrade_header(string? upgrade) => ShouldBe(Check(upgrade: upgrade), 426, "Upgrade: websocket");

    [TestCase(null)]
    [TestCase("keep-alive")]
    [TestCase("Upgraded")]
    public void Server_asks_for_the_connection_header(string? connection) =>
        ShouldBe(Check(connection: connection), 426, "Connection: Upgrade");

    [TestCase(null)]
    [TestCase("")]
    [TestCase("8")]
    [TestCase("12")]
    [TestCase("013")]
    [TestCase("14")]
    public void Server_names_its_version_to_a_client_of_another(string? version) =>
        ShouldBe(Check(version: version), 426, "Sec-WebSocket-Version: 13");

    [TestCase("13, 13")]
    [TestCase("8, 13")]
    public void Server_refuses_two_versions(string version) => Check(version: version)!.Status.Should().Be(400);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("dGhlIHNhbXBsZSBub25jZQ")]                                            // no padding
    [TestCase("dGhlIHNhbXBsZSBub25j")]                                              // 15 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZQAB")]                                          // 18 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZQA=")]                                          // 17 bytes
    [TestCase("dGhlIHNhbXBsZSBub25jZ!==")]
    [TestCase("dGhlIHNhbXBsZSBub2 jZQ==")]
    [TestCase("dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==")]                // twice
    public void Server_refuses_what_is_not_one_key_of_16_bytes(string? key) => ShouldBe(Check(key: key), 400, "Sec-WebSocket-Key");

    [Test]
    public void Server_ignores_white_space_around_key_and_version() => Check(key: $" {Key}\t", version: " 13 ").Should().BeNull();

    [Test]
    public void Server_chooses_by_its_own_order()
    {
        string[] supported = ["rawchat.v1.json", "rawchat.v1.text"];
        Handshake.ChooseSubprotocol(["rawchat.v1.text, rawchat.v1.json"], supported).Should().Be("rawchat.v1.json");
        Handshake.ChooseSubprotocol(["other", " rawchat.v1.text ,,"], supported).Should().Be("rawchat.v1.text");
    }

    [Test]
    public void Server_chooses_nothing_that_was_not_offered()
    {
        string[] supported = ["rawchat.v1.json"];
        Handshake.ChooseSubprotocol([], supported).Should().BeNull();
        Handshake.ChooseSubprotocol(["", ", ,"], supported).Should().BeNull();
        Handshake.ChooseSubprotocol(["RAWCHAT.v1.json", "rawchat.v1"], supported).Should().BeNull("names are compared letter for letter");
    }

    private static void ShouldBe(HandshakeFault? fault, int status, string wouldHaveWorked)
    {
        fault.Should().NotBeNull();
        fault!.Status.Should().Be(status);
        fault.Text.Should().Contain(wouldHaveWorked, "the sentence says what would have worked");
    }
}
