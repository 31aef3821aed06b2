using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Reads a typed line: <c>/command arguments</c>, or the text of a message. A line that begins with a path (<c>/etc/hosts</c>) is a message.
/// A line that begins with <c>//</c> is a message too, and loses its first slash. The last argument of a command is the rest of the line.
/// Each earlier argument ends at a blank, or is in quotation marks (<c>"my old password"</c>). If a command refers to a room, and the
/// command's first argument is not free text, <c>#room</c> may come first.
/// </summary>
public static class CommandLine
{
    private const string Blanks = " \t\r\n";

    /// <summary>Reads one line. Never throws. If the result is false, the hint of the error is a command.</summary>
    public static bool TryRead(string line, out ClientFrame frame, out ChatError error)
    {
        ArgumentNullException.ThrowIfNull(line);
        frame = null!;
        var rest = line.AsSpan().TrimStart(Blanks);
        if (line.Length == 0)
        {
            error = new ChatError(ErrorCode.MissingField, "the line is empty", Commands.Get(ClientFrameType.Say).Example);
            return false;
        }
        if (rest.StartsWith("//"))
            return CreateSay(rest[1..].TrimEnd("\r\n").ToString(), out frame, out error);
        if (!rest.StartsWith('/') || BeginsWithPath(rest))
            return CreateSay(line.TrimEnd('\r', '\n'), out frame, out error);

        rest = rest[1..].TrimEnd(Blanks);
        var word = NextToken(ref rest, last: false).ToString();
        if (Commands.Find(word) is not { } command)
        {
            error = UnknownTypeError.CreateForCommand(word, rest.ToString());
            return false;
        }
        return TryRead(command, rest, out frame, out error);
    }

    /// <summary>
    /// Formats a frame as a typed line. Returns null if no typed line can express the frame (for example a join with <c>after</c>).
    /// </summary>
    public static string? Format(ClientFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var asked = frame with { Id = default, IsTyped = true, Files = null };
        if (frame.Files is { Count: > 0 })
            return null;
        // Commands.All lists the command with the type's own name first: /say before /me.
        foreach (var command in Commands.All.Where(command => command.Type == frame.Type))
        {
            var line = Render(command, frame);
            if (TryRead(line, out var read, out _) && read == asked)
                return line;
        }
        return null;
    }

    internal static bool TryRead(CommandSpec command, ReadOnlySpan<char> rest, out ClientFrame frame, out ChatError error)
    {
        frame = null!;
        error = null!;
        var spec = FrameSpecs.Get(command.Type);
        var draft = new FrameDraft();
        if (command.ImpliedFlag is { } flag)
            draft.SetFlag(flag, true);
        ReadArguments(command, rest, ref draft);

        foreach (var use in command.Arguments)
        {
            if (draft.GetProblem(spec, use.Field) is { } problem)
                error = new ChatError(ErrorCode.BadField, $"in /{command.Name}, {Fields.GetPlaceholder(use.Field, command.Type)} {problem}", Hint.Correct(command, in draft, use.Field));
            else if (use.IsRequired && !draft.Has(use.Field))
                error = new ChatError(ErrorCode.MissingField, $"/{command.Name} needs the argument {Fields.GetPlaceholder(use.Field, command.Type)}", Hint.Correct(command, in draft, use.Field));
            if (error is not null)
                return false;
        }
        frame = draft.Build(spec, default, typed: true);
        return true;
    }

    private static bool CreateSay(string text, out ClientFrame frame, out ChatError error)
    {
        var fault = TextRule.FindFault(text);
        frame = fault is null ? new ClientFrame { Type = ClientFrameType.Say, IsTyped = true, Text = text } : null!;
        error = fault is null ? null! : new ChatError(ErrorCode.BadField, $"the text {fault}", Commands.Get(ClientFrameType.Say).Example);
        return fault is null;
    }

    // No command's name contains a slash, so a first word with a second slash is a path.
    private static bool BeginsWithPath(ReadOnlySpan<char> line) => NextToken(ref line, last: false).LastIndexOf('/') > 0;

    private static void ReadArguments(CommandSpec command, ReadOnlySpan<char> rest, ref FrameDraft draft)
    {
        rest = rest.Trim(Blanks);
        if (command.AcceptsRoomFirst && rest.StartsWith('#'))
            draft.SetString(Field.Room, NextToken(ref rest, last: false).ToString());
        for (var i = 0; i < command.Arguments.Length && !rest.IsEmpty; i++)
        {
            var (field, needed) = command.Arguments[i];
            var last = i == command.Arguments.Length - 1;
            // If the next token does not have the kind of this optional argument, the argument is absent, and the token belongs to a later argument.
            // For example, a word in the place of the seconds is the reason, and a number in the place of the room is the limit.
            if (!needed && !last && Fields.GetKind(field) != PeekKind(rest))
                continue;
            var token = NextArgument(ref rest, last);
            if (last && token.SequenceEqual(command.EmptyWord))
                draft.SetString(field, "");
            else if (Fields.GetKind(field) == FieldKind.Flag)
                draft.SetFlag(field, token.Equals(Fields.GetName(field), StringComparison.OrdinalIgnoreCase));
            else if (Fields.GetKind(field) != FieldKind.Number)
                draft.SetString(field, token.ToString());
            else if (long.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                draft.SetNumber(field, number);
            else
                draft.SetProblem(field);
        }
    }

    private static FieldKind PeekKind(ReadOnlySpan<char> rest) =>
        long.TryParse(NextToken(ref rest, last: false), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? FieldKind.Number
            : FieldKind.String;

    private static ReadOnlySpan<char> NextArgument(ref ReadOnlySpan<char> rest, bool last)
    {
        var end = rest.Length > 1 && rest[0] == '"' && !last ? rest[1..].IndexOf('"') + 1 : 0;
        // In a word such as "a"b the quotation marks belong to the word.
        if (end <= 0 || (end + 1 < rest.Length && !Blanks.Contains(rest[end + 1])))
            return NextToken(ref rest, last);
        var token = rest[1..end];
        rest = rest[(end + 1)..].TrimStart(Blanks);
        return token;
    }

    private static ReadOnlySpan<char> NextToken(ref ReadOnlySpan<char> rest, bool last)
    {
        var end = last ? -1 : rest.IndexOfAny(Blanks);
        var token = end < 0 ? rest : rest[..end];
        rest = rest[token.Length..].TrimStart(Blanks);
        return token;
    }

    private static string Render(CommandSpec command, ClientFrame frame)
    {
        var line = new StringBuilder("/").Append(command.Name);
        if (command.AcceptsRoomFirst && frame.Room is not null && command.Arguments.All(use => use.Field != Field.Room))
            line.Append(" #").Append(frame.Room);
        foreach (var use in command.Arguments)
        {
            var value = ClientFrameWriter.GetString(frame, use.Field) ?? ClientFrameWriter.GetNumber(frame, use.Field)?.ToString(CultureInfo.InvariantCulture)
                ?? (ClientFrameWriter.GetFlag(frame, use.Field) ? Fields.GetName(use.Field) : null);
            if (value is "")
                value = command.EmptyWord;
            if (value is null)
                continue;
            // Without the number sign, the reader would read a room named 20 as a limit.
            var sign = use.Field == Field.Room && PeekKind(value) == FieldKind.Number ? "#" : "";
            var mark = use != command.Arguments[^1] && value.AsSpan().ContainsAny(Blanks) ? "\"" : "";
            line.Append(' ').Append(sign).Append(mark).Append(value).Append(mark);
        }
        return line.ToString();
    }
}
