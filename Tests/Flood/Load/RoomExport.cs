using System.Text.Json;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>Reads the messages of a file that <c>RawSocketChat.Server export ROOM</c> wrote.</summary>
internal static class RoomExport
{
    /// <param name="At">When the message was published.</param>
    /// <param name="Text">The text of the message.</param>
    public readonly record struct ExportedMessage(DateTimeOffset At, string Text);

    /// <exception cref="FloodException">The file can't be read, or it is not an export.</exception>
    public static IReadOnlyList<ExportedMessage> Read(string path)
    {
        try
        {
            return Read(File.ReadLines(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FloodException($"--replay {path}: {e.Message}", FloodResult.BadOptions);
        }
    }

    public static IReadOnlyList<ExportedMessage> Read(IEnumerable<string> lines, string path)
    {
        var messages = new List<ExportedMessage>();
        var number = 0;
        foreach (var text in lines)
        {
            number++;
            if (!TryRead(text, number == 1, out var message))
                throw new FloodException($"--replay {path}: line {number} is not a line of a room export (version 1)", FloodResult.BadOptions);
            // If the clock was set back, the message gets the time of the previous message, so that scheduled times never decrease.
            if (message is { } read) messages.Add(messages.Count > 0 && read.At < messages[^1].At ? read with { At = messages[^1].At } : read);
        }
        return messages.Count > 0 ? messages : throw new FloodException($"--replay {path}: the file has no message", FloodResult.BadOptions);
    }

    private static bool TryRead(string text, bool isFirst, out ExportedMessage? message)
    {
        message = null;
        try
        {
            using var json = JsonDocument.Parse(text);
            var type = json.RootElement.GetProperty("type").GetString();
            if (isFirst) return type == "export" && json.RootElement.GetProperty("version").GetInt32() == 1;
            // A deleted message has no text.
            if (type == "message" && json.RootElement.TryGetProperty("text", out var value))
            {
                if (value.GetString() is not { } content) return false;
                message = new ExportedMessage(json.RootElement.GetProperty("at").GetDateTimeOffset(), content);
            }
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
