using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

public class WebSocketTransportTests : TransportContract
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={name}&session={session}");
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=deaf&room=lobby", read: false, receiveBuffer: 4096);
}

public sealed class CompressedWebSocketTransportTests : TransportContract
{
    private static readonly DeflateOffer[] Offers = [new() { ClientMaxWindowBits = 15 }];

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={name}&session={session}", deflate: Offers);
        peer.Deflate.Should().NotBeNull();
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=deaf&room=lobby", read: false, receiveBuffer: 4096, deflate: Offers);
}

public class WebSocketOverTlsTransportTests : TransportContract
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartWithTlsAsync(settings);

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={name}&session={session}", tls: server.Certificate);
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=deaf&room=lobby", read: false, receiveBuffer: 4096, tls: server.Certificate);
}

/// <summary>Everybody is a stream of one and the same connection, the deaf one too.</summary>
public sealed class WebSocketOverHttp2TransportTests : TransportContract
{
    private Http2Line _line = null!;

    protected override async Task<ServerUnderTest> StartAsync(params string[] settings)
    {
        var server = await ServerUnderTest.StartWithTlsAsync(settings);
        _line = new Http2Line(server);
        return server;
    }

    [TearDown]
    public void DropLine() => _line.Dispose();

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await _line.ConnectAsync($"/ws?name={name}&session={session}");
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server) => await _line.ConnectAsync("/ws?name=deaf&room=lobby", read: false);
}

public class RawTcpTransportTests : TransportContract
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await LineClient.ConnectAsync(server.RawPort);
        await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server)
    {
        var peer = await LineClient.ConnectAsync(server.RawPort, read: false);
        await peer.SendAsync("""{"type":"hello","name":"deaf"}""");
        await peer.SendAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}

public sealed class XmlSocketTransportTests : TransportContract
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await XmlSocketClient.ConnectAsync(server.RawPort);
        await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server)
    {
        var peer = await XmlSocketClient.ConnectAsync(server.RawPort, read: false);
        await peer.SendAsync("""{"type":"hello","name":"deaf"}""");
        await peer.SendAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}
