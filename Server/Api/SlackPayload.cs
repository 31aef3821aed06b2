using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Api;

/// <summary>
/// Reads the message of an incoming webhook of Slack as plain text: the text, then each attachment. Fields that say how Slack shows the message
/// (name, icon, color, channel) are ignored.
/// </summary>
internal static class SlackPayload
{
    /// <param name="json">The message.</param>
    /// <param name="text">The parts of the text, separated by newlines; may be empty.</param>
    /// <param name="error">The reason why the message cannot be read, if the result is false.</param>
    public static bool TryReadText(ReadOnlyMemory<byte> json, out string text, [NotNullWhen(false)] out ChatError? error)
    {
        (text, error) = ("", null);
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                text = ReadMessage(document.RootElement);
                return true;
            }

            error = new ChatError(ErrorCode.BadJson, "the message must be a JSON object", ApiRequests.PostHint);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // GetString throws an InvalidOperationException if a text is not valid Unicode.
            error = new ChatError(ErrorCode.BadJson, "the message is not valid JSON in UTF-8", ApiRequests.PostHint);
        }

        return false;
    }

    // If a message has blocks, Slack shows its text only in notifications. This method uses the text, because it is plain text and should say the
    // same as the blocks.
    private static string ReadMessage(JsonElement message)
    {
        var lines = new List<string>();
        AddText(lines, message, "text");
        if (lines.Count == 0)
            AddBlocks(lines, message);
        foreach (var attachment in GetObjects(message, "attachments"))
            AddAttachment(lines, attachment);
        return string.Join('\n', lines);
    }

    private static void AddAttachment(List<string> lines, JsonElement attachment)
    {
        var count = lines.Count;
        AddText(lines, attachment, "pretext");
        AddTitle(lines, attachment);
        AddText(lines, attachment, "text");
        foreach (var field in GetObjects(attachment, "fields"))
            AddLine(lines, string.Join(": ", new[] { GetText(field, "title"), GetText(field, "value") }.Where(part => part.Length > 0)));
        AddBlocks(lines, attachment);
        // The fallback repeats the other texts of the attachment, for programs that do not show attachments.
        if (lines.Count == count)
            AddText(lines, attachment, "fallback");
    }

    private static void AddTitle(List<string> lines, JsonElement attachment)
    {
        var (title, link) = (GetText(attachment, "title"), GetText(attachment, "title_link"));
        AddLine(lines, title.Length > 0 && link.Length > 0 && title != link ? $"{title} ({link})" : title + link);
    }

    // Reads the texts of sections, headers and contexts. Other blocks, such as buttons and pictures, are left out.
    private static void AddBlocks(List<string> lines, JsonElement message)
    {
        foreach (var block in GetObjects(message, "blocks"))
        {
            if (block.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.Object)
                AddText(lines, text, "text");
            foreach (var part in GetObjects(block, "fields").Concat(GetObjects(block, "elements")))
                AddText(lines, part, "text");
        }
    }

    private static void AddText(List<string> lines, JsonElement source, string name) => AddLine(lines, GetText(source, name));

    private static void AddLine(List<string> lines, string text)
    {
        if (text.Length > 0)
            lines.Add(text);
    }

    private static string GetText(JsonElement source, string name) =>
        source.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? Clean(SlackMarkup.Decode(value.ToString()))
            : "";

    private static IEnumerable<JsonElement> GetObjects(JsonElement source, string name) =>
        source.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(element => element.ValueKind == JsonValueKind.Object) : [];

    // The chat accepts no control characters except newline and tab. The output of other programs often contains more of them.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
        {
            if (c is '\n' or '\t' || !char.IsControl(c))
                clean.Append(c);
        }

        return clean.ToString().Trim();
    }
}
