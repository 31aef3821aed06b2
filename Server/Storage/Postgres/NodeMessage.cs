using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>The payload of an announcement, as JSON: the number of the server, and its notices.</summary>
/// <param name="Node">The number of the server that sends the announcement.</param>
internal sealed record NodeMessage(int Node, IReadOnlyList<NodeMessage.Item> Items)
{
    // PostgreSQL accepts a payload of less than 8,000 bytes. The JSON around the items needs less than 100 bytes.
    private const int MaxItemBytes = 7_800;

    /// <summary>Writes notices into as few payloads as possible. A notice that is too long is left out.</summary>
    public static IReadOnlyList<string> Write(int node, IEnumerable<NodeNotice> notices)
    {
        var (payloads, items, bytes) = (new List<string>(), new List<Item>(), 0);
        foreach (var notice in notices)
        {
            var item = Create(notice);
            var size = Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(item, NodeMessageJson.Default.Item)) + 1;
            if (size > MaxItemBytes)
                continue;
            if (bytes + size > MaxItemBytes)
                End();
            items.Add(item);
            bytes += size;
        }

        if (items.Count > 0)
            End();
        return payloads;

        void End()
        {
            payloads.Add(JsonSerializer.Serialize(new NodeMessage(node, [.. items]), NodeMessageJson.Default.NodeMessage));
            items.Clear();
            bytes = 0;
        }
    }

    /// <summary>Reads the notices of another server. Returns none if the payload comes from this server, or is not an announcement.</summary>
    /// <param name="node">The number of this server.</param>
    public static IReadOnlyList<NodeNotice> Read(string payload, int node)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, NodeMessageJson.Default.NodeMessage) is { Items: { } items } message && message.Node != node
                ? [.. items.Select(item => item.ToNotice()).OfType<NodeNotice>()]
                : [];
        }
        catch (JsonException)
        {
            // This is not an announcement: everybody who may connect to the database can send on the channel.
            return [];
        }
    }

    private static Item Create(NodeNotice notice) => notice switch
    {
        EventsNotice events => new Item("events", events.Room, Seq: events.Seq),
        RoomRemovedNotice removed => new Item("removed", removed.Room, removed.User, removed.Name),
        SessionsEndedNotice ended => new Item("ended", User: ended.User),
        UserRenamedNotice renamed => new Item("renamed", User: renamed.User, Name: renamed.Name),
        MembershipNotice membership => new Item("membership", membership.Room, membership.User, By: membership.InvitedBy, ByName: membership.InviterName),
        TypingNotice typing => new Item("typing", typing.Room, typing.User, typing.Name, Off: typing.Off),
        ReadNotice read => new Item("read", read.Room, read.User, Seq: read.Seq),
        PresenceNotice presence => new Item("presence", presence.Room),
        _ => throw new ArgumentOutOfRangeException(nameof(notice), notice, null),
    };

    /// <summary>A notice. A field without a value is omitted.</summary>
    internal sealed record Item(
        string What, string? Room = null, string? User = null, string? Name = null, long Seq = 0, bool Off = false, string? By = null, string? ByName = null)
    {
        /// <summary>Returns null if a field is missing, or if this version of the server does not know the kind of notice.</summary>
        public NodeNotice? ToNotice() => (What, Room, User, Name) switch
        {
            ("events", { } room, _, _) => new EventsNotice(room, Seq),
            ("removed", { } room, { } user, { } name) => new RoomRemovedNotice(room, user, name),
            ("ended", _, { } user, _) => new SessionsEndedNotice(user),
            ("renamed", _, { } user, { } name) => new UserRenamedNotice(user, name),
            ("membership", { } room, { } user, _) => new MembershipNotice(user, room, By, ByName),
            ("typing", { } room, { } user, { } name) => new TypingNotice(room, user, name, Off),
            ("read", { } room, { } user, _) => new ReadNotice(room, user, Seq),
            ("presence", { } room, _, _) => new PresenceNotice(room),
            _ => null,
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(NodeMessage))]
internal sealed partial class NodeMessageJson : JsonSerializerContext;
