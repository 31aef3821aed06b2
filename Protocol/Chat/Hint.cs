using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Creates the hint of an error: a line that would have worked. The hint is a command if the client typed a command, and JSON if the
/// client sent JSON. Every hint can be sent as it is.
/// </summary>
public static class Hint
{
    // A hint should be short. If the client's own text would make the hint longer than this number of characters, the hint is an example
    // instead.
    private const int MaxLength = 200;

    internal const string AnyJson = "{\"type\":\"say\",\"text\":\"hi all\"}";
    internal const string HelpJson = "{\"type\":\"help\"}";
    internal const string HelpCommand = "/help";

    /// <summary>
    /// Formats <paramref name="frame"/> as a line. The line is JSON if <paramref name="typed"/> is false (pass
    /// <see cref="ClientFrame.IsTyped"/> of the failed frame), or if no command can express the frame.
    /// </summary>
    public static string Create(ClientFrame frame, bool typed)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return (typed ? CommandLine.Format(frame) : null) ?? Encoding.UTF8.GetString(ChatCodec.Encode(frame));
    }

    /// <summary>Converts a hint to a command. Returns the hint unchanged if no command can express it.</summary>
    public static string AsCommand(string hint)
    {
        ArgumentNullException.ThrowIfNull(hint);
        return hint.StartsWith('{') && ChatCodec.TryReadClient(Encoding.UTF8.GetBytes(hint), out var frame, out _, out _)
            ? CommandLine.Format(frame) ?? hint
            : hint;
    }

    /// <summary>Creates an example of the type in JSON, with its required fields and the field <paramref name="shown"/>.</summary>
    internal static string CreateExample(FrameSpec spec, Field? shown = null) => Create(CreateExampleFrame(spec, shown), typed: false);

    internal static string CreateExampleWithId(FrameSpec spec) => Create(CreateExampleFrame(spec, null) with { Id = FrameId.From(1) }, typed: false);

    internal static string CreateExample(CommandSpec command) => Create(ParseExample(command), typed: false);

    /// <summary>Formats the frame that the client probably meant. Returns the example instead if the line would contain a secret or be too long.</summary>
    internal static string Repeat(ClientFrame meant, bool typed, string example)
    {
        if (FrameSpecs.Get(meant.Type).FieldUses.Any(use => Fields.IsSecret(use.Field) && ClientFrameWriter.GetString(meant, use.Field) is not null))
            return example;
        return UseExampleIfTooLong(Create(meant with { Id = default }, typed), example);
    }

    /// <summary>
    /// Corrects the frame that was sent, and formats the result as JSON. The field <paramref name="fault"/> and all missing required fields come from the example of the type.
    /// </summary>
    internal static string Correct(FrameSpec spec, in FrameDraft sent, Field fault)
    {
        var draft = CreateExampleDraft(spec.FieldUses, Commands.Get(spec.Type), fault);
        draft.CopyFrom(in sent, spec);
        return FormatUnlessSecret(in sent, draft.Build(spec, default, typed: false), CreateExample(spec, fault));
    }

    /// <summary>Corrects a typed command like the other overload, and formats the result as a command.</summary>
    internal static string Correct(CommandSpec command, in FrameDraft sent, Field fault)
    {
        var spec = FrameSpecs.Get(command.Type);
        var draft = CreateExampleDraft(command.Arguments, command, fault);
        // If nothing can be copied, use the command's own example, because it shows more than the required arguments.
        return draft.CopyFrom(in sent, spec) ? FormatUnlessSecret(in sent, draft.Build(spec, default, typed: true), command.Example) : command.Example;
    }

    // If the client sent a secret, the hint is the example, which contains no real secret.
    private static string FormatUnlessSecret(in FrameDraft sent, ClientFrame corrected, string example) =>
        sent.HasSecret() ? example : UseExampleIfTooLong(Create(corrected, corrected.IsTyped), example);

    private static string UseExampleIfTooLong(string hint, string example) => hint.Length <= MaxLength ? hint : example;

    private static ClientFrame CreateExampleFrame(FrameSpec spec, Field? shown) =>
        CreateExampleDraft(spec.FieldUses, Commands.Get(spec.Type), shown).Build(spec, default, typed: false);

    private static FrameDraft CreateExampleDraft(FieldUse[] uses, CommandSpec command, Field? shown)
    {
        var sample = ParseExample(command);
        var draft = new FrameDraft();
        foreach (var use in uses.Where(use => use.IsRequired || use.Field == shown))
        {
            if (ClientFrameWriter.GetString(sample, use.Field) is { } text)
                draft.SetString(use.Field, text);
            else if (ClientFrameWriter.GetNumber(sample, use.Field) is { } number)
                draft.SetNumber(use.Field, number);
            else
                SetSampleValue(ref draft, use.Field, command.Type);
        }
        return draft;
    }

    // Sets a sample value for a field that the command's own example does not have.
    private static void SetSampleValue(ref FrameDraft draft, Field field, ClientFrameType type)
    {
        switch (Fields.GetKind(field))
        {
            case FieldKind.Number: draft.SetNumber(field, field is Field.Limit or Field.Seconds ? 20 : 42); break;
            case FieldKind.Flag: draft.SetFlag(field, true); break;
            case FieldKind.StringList: draft.SetFiles(["id-of-a-file"]); break;
            default:
                draft.SetString(field, field == Field.Room ? "lobby" : Fields.GetChoices(field, type)?[0] ?? "your-" + Fields.GetName(field));
                break;
        }
    }

    private static ClientFrame ParseExample(CommandSpec command)
    {
        var line = command.Example.AsSpan(command.Name.Length + 1);
        return CommandLine.TryRead(command, line, out var frame, out var error)
            ? frame
            : throw new InvalidOperationException($"the example of /{command.Name} is not valid: {error.Text}");
    }
}
