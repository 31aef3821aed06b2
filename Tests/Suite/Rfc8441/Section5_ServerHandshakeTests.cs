using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>RFC 8441, sections 4 and 5: the server's checks of an extended CONNECT.</summary>
public sealed class Section5_ServerHandshakeTests
{
    [TestCase("websocket", "13")]
    [TestCase("WebSocket", " 13\t")]
    public void Server_accepts_a_CONNECT_for_websocket(string protocol, string version) =>
        ServerHandshake.ValidateConnect("CONNECT", protocol, version).Should().BeNull();

    [TestCase("GET")]
    [TestCase("POST")]
    [TestCase("connect")]
    public void Server_rejects_another_method(string method) => ServerHandshake.ValidateConnect(method, "websocket", "13")!.Status.Should().Be(405);

    [Test]
    public void Server_rejects_a_CONNECT_for_a_tunnel() => ServerHandshake.ValidateConnect("CONNECT", protocol: null, "13")!.Status.Should().Be(405);

    [TestCase("foo")]
    [TestCase("")]
    [TestCase("websocket, foo")]
    public void Server_rejects_a_CONNECT_for_another_protocol(string protocol) => ServerHandshake.ValidateConnect("CONNECT", protocol, "13")!.Status.Should().Be(501);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("8")]
    [TestCase("13, 13")]
    public void Server_rejects_another_version_and_names_the_supported_version(string? version) =>
        ServerHandshake.ValidateConnect("CONNECT", "websocket", version).Should().Match<HandshakeFault>(fault => fault.Status == 400 && fault.Text.Contains("Sec-WebSocket-Version: 13"));
}
