using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The contract of the transports, for each HTTP transport.</summary>
[TestFixture(HttpTransport.Poll)]
[TestFixture(HttpTransport.LongPoll)]
[TestFixture(HttpTransport.Events, Category = Categories.Slow)] // repeats the contract for a variant of a transport
[TestFixture(HttpTransport.Stream, Category = Categories.Slow)] // repeats the contract for a variant of a transport
[TestFixture(HttpTransport.Iframe, Category = Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class HttpTransportTests(HttpTransport transport) : TransportContract
{
    protected override int? TakeoverCode => 4009;

    protected override async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null)
    {
        var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, transport, name, session);
        return (peer, peer.Welcome);
    }

    protected override async Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server)
    {
        var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, transport, "reader", read: false, receiveBuffer: 4096);
        await peer.OpenUnreadStreamAsync();
        await peer.PostAsync("""{"type":"join","room":"lobby"}""");
        return peer;
    }
}
