using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>4 and 5: what a server asks of an extended CONNECT.</summary>
public sealed class Section5_ServerHandshakeTests
{
    [TestCase("websocket", "13")]
    [TestCase("WebSocket", " 13\t")]
    public void Server_accepts_a_CONNECT_for_websocket(string protocol, string version) =>
        Handshake.CheckConnect("CONNECT", protocol, version).Should().BeNull();

    [TestCase("GET")]
    [TestCase("POST")]
    [TestCase("connect")]
    public void Server_refuses_another_method(string method) => Handshake.CheckConnect(method, "websocket", "13")!.Status.Should().Be(405);

    [Test]
    public void Server_refuses_a_CONNECT_for_a_tunnel() => Handshake.CheckConnect("CONNECT", protocol: null, "13")!.Status.Should().Be(405);

    [TestCase("foo")]
    [TestCase("")]
    [TestCase("websocket, foo")]
    public void Server_refuses_what_is_no_websocket(string protocol) => Handshake.CheckConnect("CONNECT", protocol, "13")!.Status.Should().Be(501);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("8")]
    [TestCase("13, 13")]
    public void Server_refuses_another_version_and_names_its_own(string? version) =>
        Handshake.CheckConnect("CONNECT", "websocket", version).Should().Match<HandshakeFault>(fault => fault.Status == 400 && fault.Text.Contains("Sec-WebSocket-Version: 13"));
}
