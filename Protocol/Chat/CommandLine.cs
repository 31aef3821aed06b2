using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// What a person types: <c>/word arguments</c>, or a line that is said as it stands. The last argument takes the rest of the
/// line. Where a command is about a room and does not begin with free text, <c>#room</c> may stand first.
/// </summary>
public static class CommandLine
{
    private const string Blanks = " \t\r\n";

    /// <summary>Reads one line. Never throws; on false, error bears a hint in command form.</summary>
    public static bool TryRead(string line, out ClientFrame frame, out ChatError error)
    {
        ArgumentNullException.ThrowIfNull(line);
        frame = null!;
        var rest = line.AsSpan().TrimStart(Blanks);
        if (rest.IsEmpty)
        {
            error = new ChatError(ErrorCode.MissingField, "there is no text", Commands.Of(ClientFrameType.Say).Example);
            return false;
        }
        if (rest[0] != '/')
            return Say(line.TrimEnd('\r', '\n'), out frame, out error);
        if (rest.StartsWith("//"))
            return Say(rest[1..].TrimEnd("\r\n").ToString(), out frame, out error);

        rest = rest[1..].TrimEnd(Blanks);
        var word = NextToken(ref rest, last: false).ToString();
        if (Commands.Find(word) is not { } form)
        {
            error = UnknownWord.Command(word, rest.ToString());
            return false;
        }
        return TryRead(form, rest, out frame, out error);
    }

    /// <summary>The line that asks for the same; null where no typed line can (an <c>after</c> to join, say).</summary>
    public static string? Of(ClientFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var asked = frame with { Id = default, Typed = true, Files = null };
        if (frame.Files is { Count: > 0 })
            return null;
        // A command of the type's own name first: /say before /me.
        foreach (var form in Commands.All.Where(form => form.Type == frame.Type))
        {
            var line = Render(form, frame);
            if (TryRead(line, out var read, out _) && read == asked)
                return line;
        }
        return null;
    }

    internal static bool TryRead(CommandForm form, ReadOnlySpan<char> rest, out ClientFrame frame, out ChatError error)
    {
        frame = null!;
        error = null!;
        var spec = FrameSpecs.Of(form.Type);
        var draft = new FrameDraft();
        if (form.Flag is { } flag)
            draft.SetFlag(flag, true);
        ReadArguments(form, rest, ref draft);

        foreach (var use in form.Arguments)
        {
            if (draft.ProblemOf(use.Field) is { } problem)
                error = new ChatError(ErrorCode.BadField, $"in /{form.Word}, {Fields.Placeholder(use.Field)} {problem}", Hint.Mended(form, in draft, use.Field));
            else if (use.Needed && !draft.Has(use.Field))
                error = new ChatError(ErrorCode.MissingField, $"/{form.Word} lacks its {Fields.Placeholder(use.Field)}", Hint.Mended(form, in draft, use.Field));
            if (error is not null)
                return false;
        }
        frame = draft.Build(spec, default, typed: true);
        return true;
    }

    private static bool Say(string text, out ClientFrame frame, out ChatError error)
    {
        error = null!;
        frame = new ClientFrame { Type = ClientFrameType.Say, Typed = true, Text = text };
        return true;
    }

    private static void ReadArguments(CommandForm form, ReadOnlySpan<char> rest, ref FrameDraft draft)
    {
        rest = rest.Trim(Blanks);
        if (form.TakesRoomFirst && rest.StartsWith('#'))
            draft.SetWord(Field.Room, NextToken(ref rest, last: false).ToString());
        for (var i = 0; i < form.Arguments.Length && !rest.IsEmpty; i++)
        {
            var (field, needed) = form.Arguments[i];
            var last = i == form.Arguments.Length - 1;
            // An optional argument is passed over where what stands there is plainly the next one: a reason instead of
            // seconds, a limit instead of a room.
            if (!needed && !last && Fields.KindOf(field) != KindAt(rest))
                continue;
            var token = NextToken(ref rest, last);
            if (Fields.KindOf(field) != FieldKind.Number)
                draft.SetWord(field, token.ToString());
            else if (long.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                draft.SetNumber(field, number);
            else
                draft.Fail(field, Fields.Demand(field));
        }
    }

    private static FieldKind KindAt(ReadOnlySpan<char> rest) =>
        long.TryParse(NextToken(ref rest, last: false), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? FieldKind.Number
            : FieldKind.Word;

    private static ReadOnlySpan<char> NextToken(ref ReadOnlySpan<char> rest, bool last)
    {
        var end = last ? -1 : rest.IndexOfAny(Blanks);
        var token = end < 0 ? rest : rest[..end];
        rest = rest[token.Length..].TrimStart(Blanks);
        return token;
    }

    private static string Render(CommandForm form, ClientFrame frame)
    {
        var line = new StringBuilder("/").Append(form.Word);
        if (form.TakesRoomFirst && frame.Room is not null && form.Arguments.All(use => use.Field != Field.Room))
            line.Append(" #").Append(frame.Room);
        foreach (var use in form.Arguments)
        {
            var value = ClientFrameWriter.WordOf(frame, use.Field) ?? ClientFrameWriter.NumberOf(frame, use.Field)?.ToString(CultureInfo.InvariantCulture);
            if (string.IsNullOrEmpty(value))
                continue;
            // A room called 20 would be taken for a limit.
            var sign = use.Field == Field.Room && KindAt(value) == FieldKind.Number ? "#" : "";
            line.Append(' ').Append(sign).Append(value);
        }
        return line.ToString();
    }
}
