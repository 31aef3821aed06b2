namespace RawSocketChat.Protocol.Chat;

/// <summary>A field of a type or a command, and whether the type or the command requires the field.</summary>
internal readonly record struct FieldUse(Field Field, bool IsRequired);

/// <summary>One type of client frame: its name on the wire and its fields. <see cref="FrameSpecs"/> lists all types.</summary>
internal sealed class FrameSpec
{
    private readonly ulong _mask;

    public FrameSpec(ClientFrameType type, Field[] needs, Field[] may)
    {
        Type = type;
        Name = type.ToString().ToLowerInvariant();
        Utf8Name = System.Text.Encoding.UTF8.GetBytes(Name);
        FieldUses = [.. needs.Select(field => new FieldUse(field, true)), .. may.Select(field => new FieldUse(field, false))];
        foreach (var use in FieldUses)
            _mask |= 1ul << (int)use.Field;
    }

    public ClientFrameType Type { get; }
    public string Name { get; }
    public byte[] Utf8Name { get; }
    public FieldUse[] FieldUses { get; }

    public bool Has(Field field) => (_mask & (1ul << (int)field)) != 0;
}

/// <summary>All types of client frames, with their required and optional fields.</summary>
internal static class FrameSpecs
{
    private static readonly Field[] Moderation = [Field.Room, Field.Seconds, Field.Reason];

    public static readonly FrameSpec[] All =
    [
        new(ClientFrameType.Hello, [], [Field.Name, Field.Session, Field.Jwt, Field.Format]),
        new(ClientFrameType.Nick, [Field.Name], []),
        new(ClientFrameType.Register, [Field.Name, Field.Password], []),
        new(ClientFrameType.Login, [Field.Name, Field.Password], []),
        new(ClientFrameType.Password, [Field.Old, Field.New], []),
        new(ClientFrameType.Logout, [], [Field.Everywhere]),
        new(ClientFrameType.Join, [Field.Room], [Field.After, Field.Epoch, Field.Limit]),
        // Without a room, leave refers to the current room.
        new(ClientFrameType.Leave, [], [Field.Room]),
        new(ClientFrameType.Say, [Field.Text], [Field.Room, Field.Reply, Field.Me, Field.Files]),
        new(ClientFrameType.Edit, [Field.Seq, Field.Text], [Field.Room]),
        new(ClientFrameType.Delete, [Field.Seq], [Field.Room]),
        new(ClientFrameType.React, [Field.Seq, Field.Emoji], [Field.Off, Field.Room]),
        new(ClientFrameType.Typing, [], [Field.Room, Field.Off]),
        new(ClientFrameType.Read, [Field.Seq], [Field.Room]),
        new(ClientFrameType.Notify, [Field.Level], [Field.Room]),
        new(ClientFrameType.History, [], [Field.Room, Field.Before, Field.After, Field.Around, Field.Limit]),
        new(ClientFrameType.Rooms, [], [Field.Match]),
        new(ClientFrameType.Who, [], [Field.Room, Field.Limit]),
        new(ClientFrameType.Create, [Field.Room], [Field.Topic, Field.Private]),
        new(ClientFrameType.Close, [Field.Room], []),
        new(ClientFrameType.Invite, [Field.User], [Field.Room]),
        new(ClientFrameType.Dm, [Field.To], [Field.Text]),
        // Without a text, topic asks for the topic. An empty text clears the topic.
        new(ClientFrameType.Topic, [], [Field.Text, Field.Room]),
        new(ClientFrameType.Role, [Field.User, Field.Role], [Field.Room]),
        new(ClientFrameType.Kick, [Field.User], Moderation),
        new(ClientFrameType.Ban, [Field.User], Moderation),
        new(ClientFrameType.Unban, [Field.User], Moderation),
        new(ClientFrameType.Mute, [Field.User], Moderation),
        new(ClientFrameType.Unmute, [Field.User], Moderation),
        new(ClientFrameType.Slow, [Field.Seconds], [Field.Room]),
        new(ClientFrameType.Search, [Field.Query], [Field.Room, Field.From, Field.Before, Field.Limit]),
        new(ClientFrameType.Tokens, [Field.Do], [Field.Name, Field.Room]),
        new(ClientFrameType.Webhook, [Field.Do], [Field.Url, Field.Room]),
        new(ClientFrameType.Whoami, [], []),
        new(ClientFrameType.Help, [], [Field.About]),
        new(ClientFrameType.Ping, [], []),
    ];

    public static FrameSpec Get(ClientFrameType type) => All[(int)type];

    public static FrameSpec? Find(ReadOnlySpan<byte> name)
    {
        foreach (var spec in All)
        {
            if (name.SequenceEqual(spec.Utf8Name))
                return spec;
        }
        return null;
    }
}
