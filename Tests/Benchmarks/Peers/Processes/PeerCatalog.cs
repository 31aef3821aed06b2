using RawSocketChat.Tests.Benchmarks.Peers.Serving;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>All peers, in the order of the table.</summary>
internal static class PeerCatalog
{
    private static readonly (string, string) InMemory = ("Data:Durability", "none");

    // The server charges each request of the clients, as if they were on other machines. The limits are so high that nothing is rejected.
    private static readonly (string, string)[] CostAccount =
    [
        ("Limits:Enabled", "true"), ("Limits:MessagesPerSecond", "1000000"), ("Limits:MessageBurst", "1000000"), ("Limits:RequestsPerSecond", "1000000"),
        ("Limits:FramesPerSecond", "1000000"), ("Addresses:ChargeLoopback", "true"), ("Addresses:PointsPerSecond", "1000000"),
        ("Addresses:PointBurst", "100000000"), ("Addresses:Connections", "1000000"),
    ];

    /// <summary>The reference peer. The report divides the figures of every peer by the figures of this peer.</summary>
    public const string Floor = ServeCommand.Floor;

    public static IReadOnlyList<Peer> All { get; } =
    [
        new HostedPeer { Name = Floor, Title = "floor (C#, one `Send` per subscriber)" },
        new ChatPeer { Name = "rawsocketchat", Title = "RawSocketChat", Settings = [InMemory] },
        new ChatPeer { Name = "rawsocketchat-ungathered", Title = "RawSocketChat, gathering off", Settings = [InMemory, ("Fanout:GatherMilliseconds", "0")] },
        new ChatPeer { Name = "rawsocketchat-full", Title = "RawSocketChat, durable (`full`)", IsDefault = false, Settings = [("Data:Durability", "full")] },
        new ChatPeer { Name = "rawsocketchat-account", Title = "RawSocketChat, with the cost account", IsDefault = false, Settings = [InMemory, .. CostAccount] },
        new ChatPeer { Name = "rawsocketchat-kestrel", Title = "RawSocketChat on Kestrel's transport", IsDefault = false, Settings = [InMemory, ("Transport:Kind", "kestrel")] },
        new HostedPeer { Name = ServeCommand.UseWebSockets, Title = "UseWebSockets, one channel and task per connection" },
        new HostedPeer { Name = ServeCommand.SignalR, Title = "SignalR, JSON" },
        new NodePeer { Name = "ws", Title = "node `ws`", Package = "ws" },
        new NodePeer { Name = "socket.io", Title = "socket.io", Package = "socket.io" },
        new NchanPeer { Name = "nchan", Title = "nginx and nchan" },
    ];
}
