using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The line in an error that would have worked: in command form for a person who typed a command, as JSON for who sent JSON.
/// Every hint can be sent as it stands.
/// </summary>
public static class Hint
{
    // A hint is read at a glance; past this it is an example instead of one's own words given back.
    private const int MaxLength = 200;

    internal const string AnyJson = "{\"type\":\"say\",\"text\":\"hi all\"}";
    internal const string HelpJson = "{\"type\":\"help\"}";
    internal const string HelpCommand = "/help";

    /// <summary>
    /// The line that asks for <paramref name="frame"/>. As JSON where <paramref name="typed"/> is false (give it
    /// <see cref="ClientFrame.Typed"/> of the frame that went wrong), or where no command can say it.
    /// </summary>
    public static string Of(ClientFrame frame, bool typed)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return (typed ? CommandLine.Of(frame) : null) ?? Encoding.UTF8.GetString(ChatCodec.Encode(frame));
    }

    /// <summary>A hint in either form as what a person types; as it is where no command can say it.</summary>
    public static string AsCommand(string hint)
    {
        ArgumentNullException.ThrowIfNull(hint);
        return hint.StartsWith('{') && ChatCodec.TryReadClient(Encoding.UTF8.GetBytes(hint), out var frame, out _, out _)
            ? CommandLine.Of(frame) ?? hint
            : hint;
    }

    /// <summary>A frame of the type in JSON, with the fields that it needs, and the one in question.</summary>
    internal static string Example(FrameSpec spec, Field? shown = null) => Of(ExampleFrame(spec, shown), typed: false);

    internal static string ExampleWithId(FrameSpec spec) => Of(ExampleFrame(spec, null) with { Id = FrameId.From(1) }, typed: false);

    internal static string ExampleOf(CommandForm form) => Of(Sample(form), typed: false);

    /// <summary>What somebody meant, given back; but an example where that would show a secret, or be long.</summary>
    internal static string Repeated(ClientFrame meant, bool typed, string example)
    {
        if (meant.Password is not null || meant.Session is not null)
            return example;
        return Short(Of(meant with { Id = default }, typed), example);
    }

    /// <summary>What was sent, with the field in question taken from the example, as all else is that is needed and lacks.</summary>
    internal static string Mended(FrameSpec spec, in FrameDraft sent, Field fault)
    {
        var draft = ExampleDraft(spec.Uses, Commands.Of(spec.Type), fault);
        draft.Take(in sent, spec.Uses);
        return Shown(in sent, draft.Build(spec, default, typed: false), Example(spec, fault));
    }

    /// <summary>The same for a command.</summary>
    internal static string Mended(CommandForm form, in FrameDraft sent, Field fault)
    {
        var spec = FrameSpecs.Of(form.Type);
        var draft = ExampleDraft(form.Arguments, form, fault);
        // Alone, a command's example shows more than what it needs.
        return draft.Take(in sent, spec.Uses) ? Shown(in sent, draft.Build(spec, default, typed: true), form.Example) : form.Example;
    }

    // A password in the example is nobody's.
    private static string Shown(in FrameDraft sent, ClientFrame mended, string example) =>
        sent.Has(Field.Password) || sent.Has(Field.Session) ? example : Short(Of(mended, mended.Typed), example);

    private static string Short(string hint, string example) => hint.Length <= MaxLength ? hint : example;

    private static ClientFrame ExampleFrame(FrameSpec spec, Field? shown) =>
        ExampleDraft(spec.Uses, Commands.Of(spec.Type), shown).Build(spec, default, typed: false);

    private static FrameDraft ExampleDraft(FieldUse[] uses, CommandForm form, Field? shown)
    {
        var sample = Sample(form);
        var draft = new FrameDraft();
        foreach (var use in uses.Where(use => use.Needed || use.Field == shown))
        {
            if (ClientFrameWriter.WordOf(sample, use.Field) is { } word)
                draft.SetWord(use.Field, word);
            else if (ClientFrameWriter.NumberOf(sample, use.Field) is { } number)
                draft.SetNumber(use.Field, number);
            else
                SetAny(ref draft, use.Field);
        }
        return draft;
    }

    // For a field that the command's own example does not have.
    private static void SetAny(ref FrameDraft draft, Field field)
    {
        switch (Fields.KindOf(field))
        {
            case FieldKind.Number: draft.SetNumber(field, field is Field.Limit or Field.Seconds ? 20 : 42); break;
            case FieldKind.Flag: draft.SetFlag(field, true); break;
            case FieldKind.Words: draft.SetFiles(["id-of-a-file"]); break;
            default:
                draft.SetWord(field, field == Field.Room ? "lobby" : Fields.ChoicesOf(field)?[0] ?? "your-" + Fields.NameOf(field));
                break;
        }
    }

    private static ClientFrame Sample(CommandForm form)
    {
        var line = form.Example.AsSpan(form.Word.Length + 1);
        return CommandLine.TryRead(form, line, out var frame, out var error)
            ? frame
            : throw new InvalidOperationException($"the example of /{form.Word} does not work: {error.Text}");
    }
}
