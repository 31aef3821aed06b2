using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Creates the error for an unknown type or command. The error names the type or command that the client probably meant, and
/// has a hint.
/// </summary>
internal static class UnknownTypeError
{
    private const int MaxShownLength = 40;

    // Words of other chat systems, with the types that have the same meaning here. (The code below also considers the aliases of commands.)
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

    public static ChatError CreateForType(string word, in FrameDraft draft)
    {
        // The word may be a word of another chat system, a command that is not a type (such as "me"), or a mistyped type. NearestWord
        // ignores case, so it finds "join" for "Join".
        if (!Synonyms.TryGetValue(word, out var type))
        {
            if (Commands.Find(word) is { } command && FrameSpecs.Find(Encoding.UTF8.GetBytes(command.Name)) is null)
                return Error(word, FrameSpecs.Get(command.Type).Name, Hint.CreateExample(command));
            if (FindNearestType(word) is not { } near)
            {
                var all = string.Join(", ", FrameSpecs.All.Select(each => each.Name));
                return new ChatError(ErrorCode.UnknownType, $"unknown type \"{Truncate(word)}\"; the types are {all}", Hint.HelpJson);
            }
            type = near;
        }
        var spec = FrameSpecs.Get(type);
        var example = Hint.CreateExample(spec);
        var hint = draft.FindFirstFault(spec) is null ? Hint.Repeat(draft.Build(spec, default, typed: false), typed: false, example) : example;
        return Error(word, spec.Name, hint);

        static ChatError Error(string word, string meant, string hint) =>
            new(ErrorCode.UnknownType, $"unknown type \"{Truncate(word)}\"; did you mean \"{meant}\"?", hint);
    }

    public static ChatError CreateForCommand(string word, string rest)
    {
        CommandSpec? command = null;
        if (NearestWord.Find(word, Commands.KnownNames) is { } near)
            command = Commands.Find(near);
        else if (Synonyms.TryGetValue(word, out var type))
            command = Commands.Get(type);
        if (command is null)
        {
            return new ChatError(ErrorCode.UnknownType,
                $"no such command \"/{Truncate(word)}\"; to send a message that begins with a slash, type two slashes", Hint.HelpCommand);
        }
        var hint = CommandLine.TryRead(command, rest, out var meant, out _) ? Hint.Repeat(meant, typed: true, command.Example) : command.Example;
        return new ChatError(ErrorCode.UnknownType, $"no such command \"/{Truncate(word)}\"; did you mean /{command.Name}?", hint);
    }

    private static ClientFrameType? FindNearestType(string word)
    {
        if (Commands.Find(word) is { } alias)
            return alias.Type;
        var near = NearestWord.Find(word, FrameSpecs.All.Select(spec => spec.Name));
        return FrameSpecs.All.FirstOrDefault(spec => spec.Name == near)?.Type;
    }

    private static string Truncate(string word) => word.Length <= MaxShownLength
        ? word
        : word[..(char.IsHighSurrogate(word[MaxShownLength - 1]) ? MaxShownLength - 1 : MaxShownLength)] + "…";
}
