namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The fields of client frames. Fields of one kind are listed together, because <see cref="Fields"/> and <see cref="FrameDraft"/> rely on
/// the order. There can be at most 64 fields, because <see cref="FrameSpec"/> has a mask of 64 bits.
/// </summary>
internal enum Field
{
    // strings
    Name, Session, Format, Password, Room, Epoch, Text, Emoji, Match, Topic, User, To, Role, Reason, Query, About, Old, New, Level, Do, Jwt, Url, From,
    // numbers
    After, Before, Around, Seq, Reply, Limit, Seconds,
    // flags
    Me, Off, Private, Everywhere,
    // a list of strings
    Files,
}

internal enum FieldKind { String, Number, Flag, StringList }

/// <summary>The name, the kind and the range of each field. A field has the same name, kind and range in all types of frames.</summary>
internal static class Fields
{
    public const int StringCount = (int)Field.From + 1;
    public const int NumberCount = (int)Field.Seconds - (int)Field.After + 1;

    private static readonly Field[] All = Enum.GetValues<Field>();
    private static readonly string[] Names = [.. All.Select(field => field.ToString().ToLowerInvariant())];
    private static readonly byte[][] Utf8Names = [.. Names.Select(System.Text.Encoding.UTF8.GetBytes)];

    public static string GetName(Field field) => Names[(int)field];

    public static ReadOnlySpan<byte> GetUtf8Name(Field field) => Utf8Names[(int)field];

    public static FieldKind GetKind(Field field) => field switch
    {
        <= Field.From => FieldKind.String,
        <= Field.Seconds => FieldKind.Number,
        <= Field.Everywhere => FieldKind.Flag,
        _ => FieldKind.StringList,
    };

    /// <summary>
    /// Whether the field's value is or contains a secret: a password, a token, or the address of a webhook, which often contains a token. No error
    /// may repeat a secret.
    /// </summary>
    public static bool IsSecret(Field field) => field is Field.Password or Field.Old or Field.New or Field.Session or Field.Jwt or Field.Url;

    /// <summary>Whether the field's value is a text that other users read, so that <see cref="TextRule"/> applies to it.</summary>
    public static bool IsShownText(Field field) => field is Field.Text or Field.Topic or Field.Reason or Field.Emoji;

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

    /// <summary>Returns the allowed values of the field in frames of the type, or null if it allows any string.</summary>
    public static string[]? GetChoices(Field field, ClientFrameType type) => field switch
    {
        Field.Role => ["owner", "moderator", "member"],
        Field.Format => ["text", "json"],
        Field.Level => ["all", "mentions", "none"],
        Field.Do when type == ClientFrameType.Webhook => ["set", "show", "retry", "remove"],
        Field.Do => ["create", "list", "revoke"],
        _ => null,
    };

    /// <summary>Returns the minimum value of the field in frames of the type: 0, or 1 for the <c>limit</c> of every type except <c>join</c>.</summary>
    public static long GetMinimum(Field field, ClientFrameType type) => field == Field.Limit && type != ClientFrameType.Join ? 1 : 0;

    /// <summary>Returns the requirement for the field's value, as the end of a sentence that begins with the field's name.</summary>
    public static string DescribeRequirement(Field field, ClientFrameType type) => GetKind(field) switch
    {
        FieldKind.Number => $"must be a whole number, {GetMinimum(field, type)} or more",
        FieldKind.Flag => "must be true or false",
        FieldKind.StringList => "must be a list of strings",
        _ when GetChoices(field, type) is { } choices => "must be " + string.Join(", ", choices[..^1]) + " or " + choices[^1],
        _ => "must be a string",
    };

    /// <summary>Returns the placeholder for the field in a command's usage.</summary>
    public static string GetPlaceholder(Field field, ClientFrameType type) => field switch
    {
        Field.Session => "token",
        Field.User or Field.To or Field.From => "name",
        Field.After or Field.Before or Field.Around or Field.Reply => "seq",
        Field.Old => "old-password",
        Field.New => "new-password",
        Field.About => "command",
        _ when GetChoices(field, type) is { } choices => string.Join('|', choices),
        _ => GetName(field),
    };
}
