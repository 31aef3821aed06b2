using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
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

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=reader&room=lobby", read: false, receiveBuffer: 4096);
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class CompressedWebSocketTransportTests : TransportContract
{
    private static readonly DeflateOffer[] Offers = [new() { ClientMaxWindowBits = 15 }];

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={name}&session={session}", deflate: Offers);
        peer.Deflate.Should().NotBeNull();
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=reader&room=lobby", read: false, receiveBuffer: 4096, deflate: Offers);
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public class WebSocketOverTlsTransportTests : TransportContract
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartWithTlsAsync(settings);

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?name={name}&session={session}", tls: server.Certificate);
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server) =>
        await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=reader&room=lobby", read: false, receiveBuffer: 4096, tls: server.Certificate);
}

/// <summary>All clients, including the client that does not read, are streams of one HTTP/2 connection.</summary>
[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class WebSocketOverHttp2TransportTests : TransportContract
{
    private Http2Client _connection = null!;

    protected override async Task<ServerUnderTest> StartAsync(params string[] settings)
    {
        var server = await ServerUnderTest.StartWithTlsAsync(settings);
        _connection = new Http2Client(server);
        return server;
    }

    [TearDown]
    public void CloseConnection() => _connection.Dispose();

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await _connection.ConnectAsync($"/ws?name={name}&session={session}");
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server) => await _connection.ConnectAsync("/ws?name=reader&room=lobby", read: false);
}

public class RawTcpTransportTests : TransportContract
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await LineClient.ConnectAsync(server.RawPort);
        await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server)
    {
        var peer = await LineClient.ConnectAsync(server.RawPort, read: false);
        await peer.SendAsync("""{"type":"hello","name":"reader"}""");
        await peer.SendAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class XmlSocketTransportTests : TransportContract
{
    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await XmlSocketClient.ConnectAsync(server.RawPort);
        await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server)
    {
        var peer = await XmlSocketClient.ConnectAsync(server.RawPort, read: false);
        await peer.SendAsync("""{"type":"hello","name":"reader"}""");
        await peer.SendAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}
