using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The ways in over plain requests keep what every way in must keep.</summary>
[TestFixture(HttpWay.Poll)]
[TestFixture(HttpWay.LongPoll)]
[TestFixture(HttpWay.Events)]
[TestFixture(HttpWay.Stream)]
[TestFixture(HttpWay.Iframe)]
public sealed class HttpTransportTests(HttpWay way) : TransportContract
{
    protected override int? TakenOver => 4009;

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, way, name, session);
        return (peer, peer.Welcome);
    }

    protected override async Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server)
    {
        var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, way, "deaf", read: false, receiveBuffer: 4096);
        await peer.OpenDeafAsync();
        await peer.PostAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}
