using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>A room with one silent member at each server of a cluster. The members see who is present.</summary>
internal sealed class Hall : IAsyncDisposable
{
    /// <summary>The maximum time until the members see the correct presence again.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    private readonly string _room;

    private Hall(string room, ChatClient[] members) => (_room, Members) = (room, members);

    /// <summary>The members, in the order of the servers. Each has the name of the room and the number of its server.</summary>
    public IReadOnlyList<ChatClient> Members { get; }

    public static async Task<Hall> OpenAsync(NodeCluster cluster, string room)
    {
        var members = new List<ChatClient>();
        foreach (var port in cluster.Ports)
        {
            var member = await ChatClient.ConnectAsync(port, $"/ws?name={room}{members.Count}");
            await member.RequestAsync<JoinedFrame>(new ClientFrame { Type = members.Count == 0 ? ClientFrameType.Create : ClientFrameType.Join, Room = room, Id = FrameId.From("in") });
            members.Add(member);
        }

        var hall = new Hall(room, [.. members]);
        await hall.ExpectAllAsync();
        return hall;
    }

    /// <summary>Waits until each server says that all members are in the room.</summary>
    public async Task ExpectAllAsync()
    {
        var names = Enumerable.Range(0, Members.Count).Select(i => $"{_room}{i}").ToList();
        var start = Stopwatch.GetTimestamp();
        foreach (var member in Members)
        {
            IReadOnlyList<string> seen = [];
            for (var i = 0; !seen.Order().SequenceEqual(names); i++)
            {
                Stopwatch.GetElapsedTime(start).Should().BeLessThan(Bound, $"all must be in the room, but a server has only {string.Join(", ", seen)}");
                seen = [.. (await member.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = _room, Id = FrameId.From($"w{i}.{Guid.NewGuid():n}") })).Members.Select(person => person.Name)];
                await Task.Delay(seen.Count == names.Count ? 0 : 50);
            }
        }
    }

    /// <summary>Waits until a member receives the presence frame with this state about the member at server <paramref name="other"/>.</summary>
    public Task ExpectAsync(int member, string state, int other) => Members[member].Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == state && presence.Name == $"{_room}{other}", Bound);

    /// <summary>Sends a message through each server, and waits until each server has answered with the error <c>unavailable</c>.</summary>
    public async Task ExpectUnavailableAsync()
    {
        foreach (var member in Members)
            await member.SendAsync(ChatPeerExtensions.Say("hello?", $"{Guid.NewGuid():n}", _room));
        foreach (var member in Members)
            (await member.Inbox.ExpectAsync<ErrorFrame>(error => error.Error.Code == ErrorCode.Unavailable)).Error.RetryAfterMs.Should().BePositive();
    }

    /// <summary>The received <c>left</c> frames: who left, and at which server a member received the frame.</summary>
    public IEnumerable<string> Departures => Members.SelectMany(
        (member, i) => member.Inbox.All.OfType<PresenceFrame>().Where(presence => presence.State == "left").Select(presence => $"{presence.Name} at server {i}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
    }
}
