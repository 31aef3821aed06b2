using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>The answer to a type or a command that does not exist: which one was meant, and a line that works.</summary>
internal static class UnknownWord
{
    private const int MaxShown = 40;

    // What other chats call it. (The aliases of commands are looked at as well.)
    private static readonly Dictionary<string, ClientFrameType> Synonyms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["message"] = ClientFrameType.Say,
        ["msg"] = ClientFrameType.Say,
        ["send"] = ClientFrameType.Say,
        ["chat"] = ClientFrameType.Say,
        ["post"] = ClientFrameType.Say,
        ["enter"] = ClientFrameType.Join,
        ["users"] = ClientFrameType.Who,
        ["auth"] = ClientFrameType.Login,
        ["private"] = ClientFrameType.Dm,
        ["heartbeat"] = ClientFrameType.Ping,
    };

    public static ChatError Type(string word, in FrameDraft draft)
    {
        // "Join" is near enough to "join" for Nearest; "me" is a command, but no type.
        if (!Synonyms.TryGetValue(word, out var type))
        {
            if (Commands.Find(word) is { } command && FrameSpecs.Find(Encoding.UTF8.GetBytes(command.Word)) is null)
                return Error(word, FrameSpecs.Of(command.Type).Word, Hint.ExampleOf(command));
            if (NearestType(word) is not { } near)
            {
                var all = string.Join(", ", FrameSpecs.All.Select(each => each.Word));
                return new ChatError(ErrorCode.UnknownType, $"unknown type \"{Shown(word)}\"; the types are {all}", Hint.HelpJson);
            }
            type = near;
        }
        var spec = FrameSpecs.Of(type);
        var example = Hint.Example(spec);
        var hint = draft.FirstFault(spec) is null ? Hint.Repeated(draft.Build(spec, default, typed: false), typed: false, example) : example;
        return Error(word, spec.Word, hint);

        static ChatError Error(string word, string meant, string hint) =>
            new(ErrorCode.UnknownType, $"unknown type \"{Shown(word)}\"; did you mean \"{meant}\"?", hint);
    }

    public static ChatError Command(string word, string rest)
    {
        CommandForm? form = null;
        if (Nearest.To(word, Commands.Words) is { } near)
            form = Commands.Find(near);
        else if (Synonyms.TryGetValue(word, out var type))
            form = Commands.Of(type);
        if (form is null)
        {
            return new ChatError(ErrorCode.UnknownType,
                $"no such command \"/{Shown(word)}\"; to say something that begins with a slash, type two", Hint.HelpCommand);
        }
        var hint = CommandLine.TryRead(form, rest, out var meant, out _) ? Hint.Repeated(meant, typed: true, form.Example) : form.Example;
        return new ChatError(ErrorCode.UnknownType, $"no such command \"/{Shown(word)}\"; did you mean /{form.Word}?", hint);
    }

    private static ClientFrameType? NearestType(string word)
    {
        if (Commands.Find(word) is { } alias)
            return alias.Type;
        var near = Nearest.To(word, FrameSpecs.All.Select(spec => spec.Word));
        return FrameSpecs.All.FirstOrDefault(spec => spec.Word == near)?.Type;
    }

    private static string Shown(string word) => word.Length <= MaxShown
        ? word
        : word[..(char.IsHighSurrogate(word[MaxShown - 1]) ? MaxShown - 1 : MaxShown)] + "…";
}
