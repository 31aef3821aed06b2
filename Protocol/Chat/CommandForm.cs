namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One command that a person may type: how its arguments stand in a row, and the type of frame that comes of it. Most types
/// have the command of their own name; a few have more, which set a flag or another field (<c>/me</c>, <c>/reply</c>).
/// </summary>
internal sealed class CommandForm
{
    public CommandForm(string word, ClientFrameType type, string example, string text, params string[] aliases)
    {
        Word = word;
        Type = type;
        Example = example;
        Text = text;
        Aliases = aliases;
    }

    public string Word { get; }
    public ClientFrameType Type { get; }
    /// <summary>A whole line with every argument; it works as it stands.</summary>
    public string Example { get; }
    public string Text { get; }
    public string[] Aliases { get; }
    /// <summary>In the order of typing; the last takes the rest of the line.</summary>
    public FieldUse[] Arguments { get; private init; } = [];
    /// <summary>A flag that the command sets by itself.</summary>
    public Field? Flag { get; init; }

    public Field[] Needs { init => Arguments = [.. value.Select(each => new FieldUse(each, true)), .. Arguments]; }
    public Field[] May { init => Arguments = [.. Arguments, .. value.Select(each => new FieldUse(each, false))]; }

    /// <summary>
    /// Whether the room may stand first, as <c>#room</c>. Not where the first argument is free text, which may itself begin so.
    /// </summary>
    public bool TakesRoomFirst =>
        FrameSpecs.Of(Type).Has(Field.Room) && (Arguments.Length == 0 || Arguments[0].Field is not (Field.Room or Field.Text or Field.Query));

    public string Usage => "/" + Word + string.Concat(Arguments.Select(use =>
        use.Needed ? " " + Fields.Placeholder(use.Field) : " [" + Fields.Placeholder(use.Field) + "]"));
}
