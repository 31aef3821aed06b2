namespace RawSocketChat.Tests.Benchmarks.Nodes.Acks;

/// <summary>Spreads senders evenly over rooms and servers. The senders of a room are at different servers, if there are enough servers.</summary>
internal readonly record struct SenderLayout(int Senders, int Rooms, int Servers)
{
    /// <summary>The number of other servers that read a message, on average over all senders.</summary>
    public double ReadsPerMessage
    {
        get
        {
            var layout = this;
            return Enumerable.Range(0, Senders).Average(sender => layout.CountServers(layout.GetRoom(sender)) - 1);
        }
    }

    public int GetRoom(int sender) => sender % Rooms;

    public int GetServer(int sender) => ((sender % Rooms) + (sender / Rooms)) % Servers;

    /// <summary>The number of servers at which a room has members.</summary>
    public int CountServers(int room)
    {
        var layout = this;
        return Enumerable.Range(0, Senders).Where(sender => layout.GetRoom(sender) == room).Select(layout.GetServer).Distinct().Count();
    }
}
