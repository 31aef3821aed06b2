using System.Text.Json;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>What <c>RawSocketChat.Server export ROOM</c> writes (Server/README.md), as far as it can be said again: the messages.</summary>
internal static class RoomFile
{
    /// <param name="At">When it was said.</param>
    /// <param name="Text">What.</param>
    public readonly record struct Line(DateTimeOffset At, string Text);

    /// <exception cref="FloodException">No such file, or not one of these.</exception>
    public static IReadOnlyList<Line> Read(string path)
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

    public static IReadOnlyList<Line> Read(IEnumerable<string> lines, string path)
    {
        var messages = new List<Line>();
        var number = 0;
        foreach (var text in lines)
        {
            number++;
            if (!TryRead(text, number == 1, out var message))
                throw new FloodException($"--replay {path}: line {number} is none of a room's export (version 1)", FloodResult.BadOptions);
            // A clock that was put back leaves no gap, and nothing due before what stands above it.
            if (message is { } line) messages.Add(messages.Count > 0 && line.At < messages[^1].At ? line with { At = messages[^1].At } : line);
        }
        return messages.Count > 0 ? messages : throw new FloodException($"--replay {path}: there is no message in it", FloodResult.BadOptions);
    }

    private static bool TryRead(string text, bool isFirst, out Line? message)
    {
        message = null;
        try
        {
            using var json = JsonDocument.Parse(text);
            var type = json.RootElement.GetProperty("type").GetString();
            if (isFirst) return type == "export" && json.RootElement.GetProperty("version").GetInt32() == 1;
            // A deleted message has no text.
            if (type == "message" && json.RootElement.TryGetProperty("text", out var said))
            {
                if (said.GetString() is not { } words) return false;
                message = new Line(json.RootElement.GetProperty("at").GetDateTimeOffset(), words);
            }
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
