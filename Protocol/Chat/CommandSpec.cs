namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// One command that a person may type: the order of its arguments, and the type of frame that it creates. Every type
/// has a command with the same name. A few types have further commands, which set a flag or another field (<c>/me</c>, <c>/reply</c>).
/// </summary>
internal sealed class CommandSpec
{
    public CommandSpec(string name, ClientFrameType type, string example, string description, params string[] aliases)
    {
        Name = name;
        Type = type;
        Example = example;
        Description = description;
        Aliases = aliases;
    }

    public string Name { get; }
    public ClientFrameType Type { get; }
    /// <summary>A complete line with every argument. It can be sent as it is.</summary>
    public string Example { get; }
    public string Description { get; }
    public string[] Aliases { get; }
    /// <summary>
    /// The arguments in the order in which a person types them. The last argument is the rest of the line. A person types a flag as the name of the
    /// flag. A flag can only be the last argument.
    /// </summary>
    public FieldUse[] Arguments { get; private init; } = [];
    /// <summary>A flag that the command always sets; null if there is none.</summary>
    public Field? ImpliedFlag { get; init; }

    /// <summary>The word that a person types as the last argument for an empty text; null if the argument cannot be empty.</summary>
    public string? EmptyWord { get; init; }

    public Field[] Required { init => Arguments = [.. value.Select(each => new FieldUse(each, true)), .. Arguments]; }
    public Field[] Optional { init => Arguments = [.. Arguments, .. value.Select(each => new FieldUse(each, false))]; }

    /// <summary>
    /// Whether the room may come first, as <c>#room</c>. This is not possible if the first argument is free text, because the text may
    /// itself begin with <c>#</c>.
    /// </summary>
    public bool AcceptsRoomFirst =>
        FrameSpecs.Get(Type).Has(Field.Room) && (Arguments.Length == 0 || Arguments[0].Field is not (Field.Room or Field.Text or Field.Query));

    public string Usage => "/" + Name + string.Concat(Arguments.Select(use =>
        use.IsRequired ? " " + Fields.GetPlaceholder(use.Field, Type) : " [" + Fields.GetPlaceholder(use.Field, Type) + "]"));
}
