namespace RawSocketChat.Protocol.Chat;

/// <summary>The fields of client frames. Those of one kind stand together: <see cref="Fields"/> counts on the order.</summary>
internal enum Field
{
    // words
    Name, Session, Format, Password, Room, Epoch, Text, Emoji, Match, Topic, User, To, Role, Reason, Query, About,
    // numbers
    After, Before, Seq, Reply, Limit, Seconds,
    // flags
    Me, Off, Private,
    // a list of words
    Files,
}

internal enum FieldKind { Word, Number, Flag, Words }

/// <summary>What all types have in common about a field: its name, its kind, its range. The same field means the same everywhere.</summary>
internal static class Fields
{
    public const int WordCount = (int)Field.About + 1;
    public const int NumberCount = (int)Field.Seconds - (int)Field.After + 1;

    private static readonly Field[] All = Enum.GetValues<Field>();
    private static readonly string[] Names = [.. All.Select(field => field.ToString().ToLowerInvariant())];
    private static readonly byte[][] Utf8Names = [.. Names.Select(System.Text.Encoding.UTF8.GetBytes)];

    public static string NameOf(Field field) => Names[(int)field];

    public static ReadOnlySpan<byte> Utf8NameOf(Field field) => Utf8Names[(int)field];

    public static FieldKind KindOf(Field field) => field switch
    {
        <= Field.About => FieldKind.Word,
        <= Field.Seconds => FieldKind.Number,
        <= Field.Private => FieldKind.Flag,
        _ => FieldKind.Words,
    };

    public static bool TryFind(ReadOnlySpan<byte> name, out Field field)
    {
        foreach (var candidate in All)
        {
            if (name.SequenceEqual(Utf8Names[(int)candidate]))
            {
                field = candidate;
                return true;
            }
        }
        field = default;
        return false;
    }

    /// <summary>The only words that the field may hold; null where it may hold any.</summary>
    public static string[]? ChoicesOf(Field field) => field switch
    {
        Field.Role => ["owner", "moderator", "member"],
        Field.Format => ["text", "json"],
        _ => null,
    };

    /// <summary>A limit of nothing asks for nothing; every other number may be 0.</summary>
    public static long LeastOf(Field field) => field == Field.Limit ? 1 : 0;

    /// <summary>What the field has to be, as the end of a sentence that begins with its name.</summary>
    public static string Demand(Field field) => KindOf(field) switch
    {
        FieldKind.Number => $"must be a whole number, {LeastOf(field)} or more",
        FieldKind.Flag => "must be true or false",
        FieldKind.Words => "must be a list of strings",
        _ when ChoicesOf(field) is { } choices => "must be " + string.Join(", ", choices[..^1]) + " or " + choices[^1],
        _ => "must be a string",
    };

    /// <summary>How a command's usage calls the argument.</summary>
    public static string Placeholder(Field field) => field switch
    {
        Field.Session => "token",
        Field.User or Field.To => "name",
        Field.After or Field.Before or Field.Reply => "seq",
        Field.About => "command",
        _ when ChoicesOf(field) is { } choices => string.Join('|', choices),
        _ => NameOf(field),
    };
}
