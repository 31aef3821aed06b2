using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The text of a search: words, <c>"phrases"</c>, and the filters <c>from:ann</c>, <c>in:#lobby</c>, <c>after:2026-10-01</c>,
/// <c>before:2026-11-01</c> and <c>has:file</c>. A message must match all of them. If a filter occurs twice, the last one applies.
/// </summary>
/// <param name="Texts">The words and phrases. If one of these texts has several words, they must follow each other in the message.</param>
/// <param name="From">The name of the author; null for any author.</param>
/// <param name="Room">The name of the room; null for all rooms that the user may read.</param>
/// <param name="BeforeTime">Only messages before this time match; null if there is no such limit.</param>
/// <param name="BeforeCursor">Only messages before this cursor of an earlier answer match; null if there is no such limit.</param>
/// <param name="HasFile">Whether only messages with a file match.</param>
/// <param name="AfterTime">Only messages at this time or later match; null if there is no such limit.</param>
public sealed record SearchQuery(
    IReadOnlyList<string> Texts, string? From = null, string? Room = null, DateTimeOffset? BeforeTime = null, long? BeforeCursor = null, bool HasFile = false,
    DateTimeOffset? AfterTime = null)
{
    /// <summary>The maximum length of a query in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>An example with the most common parts of a query: words and a name.</summary>
    public const string Example = "lost keys from:bob";

    private static readonly string[] DateFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"];

    /// <summary>Reads a query. Never throws.</summary>
    /// <param name="text">The text that the user typed.</param>
    /// <param name="query">The query, if the result is true.</param>
    /// <param name="problem">If the result is false: what is wrong, as a sentence for the user.</param>
    /// <param name="example">If the result is false: a query that would work.</param>
    public static bool TryParse(string text, out SearchQuery query, out string problem, out string example)
    {
        ArgumentNullException.ThrowIfNull(text);
        (query, problem, example) = (new SearchQuery([]), "", Example);
        if (text.Length > MaxLength)
        {
            problem = $"a query has at most {MaxLength} characters; this one has {text.Length}";
            return false;
        }

        var texts = new List<string>();
        for (var rest = text.AsSpan().TrimStart(); !rest.IsEmpty; rest = rest.TrimStart())
        {
            var filter = ReadFilter(rest);
            if (filter is null)
            {
                texts.Add(ReadText(ref rest));
                continue;
            }

            rest = rest[(filter.Length + 1)..];
            var value = ReadText(ref rest);
            if (!TryApply(ref query, filter, value, out problem, out example))
                return false;
        }

        query = query with { Texts = texts };
        return true;
    }

    // Returns the name of the filter with which the text begins; null if it begins with a word. An address such as "http://…" is a word.
    private static string? ReadFilter(ReadOnlySpan<char> rest)
    {
        var colon = rest.IndexOf(':');
        foreach (var name in (string[])["from", "in", "after", "before", "has"])
        {
            if (colon == name.Length && rest[..colon].Equals(name, StringComparison.OrdinalIgnoreCase))
                return name;
        }

        return null;
    }

    // Reads up to the next blank, or a phrase in quotation marks. If the second quotation mark is missing, the phrase ends at the end of the text.
    private static string ReadText(ref ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith('"'))
        {
            var end = rest[1..].IndexOf('"');
            var phrase = end < 0 ? rest[1..] : rest[1..(end + 1)];
            rest = end < 0 ? [] : rest[(end + 2)..];
            return phrase.ToString();
        }

        var length = 0;
        while (length < rest.Length && !char.IsWhiteSpace(rest[length]))
            length++;
        var word = rest[..length].ToString();
        rest = rest[length..];
        return word;
    }

    private static bool TryApply(ref SearchQuery query, string filter, string value, out string problem, out string example)
    {
        (problem, example) = ("", Example);
        switch (filter)
        {
            case "from":
                query = query with { From = value.TrimStart('@') };
                (problem, example) = query.From.Length > 0 ? ("", "") : ("from: needs a name", Example);
                break;
            case "in":
                query = query with { Room = value.TrimStart('#') };
                (problem, example) = query.Room.Length > 0 ? ("", "") : ("in: needs the name of a room", "lost keys in:#lobby");
                break;
            case "has":
                query = query with { HasFile = value.Equals("file", StringComparison.OrdinalIgnoreCase) };
                (problem, example) = query.HasFile ? ("", "") : ("has: can only be has:file", "lost keys has:file");
                break;
            case "after" or "before" when DateTimeOffset.TryParseExact(value, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time):
                query = filter == "after" ? query with { AfterTime = time } : query with { BeforeTime = time, BeforeCursor = null };
                break;
            case "before" when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor):
                query = query with { BeforeTime = null, BeforeCursor = cursor };
                break;
            default:
                (problem, example) = ($"{filter}: needs a day, such as 2026-11-01", $"lost keys {filter}:2026-11-01");
                break;
        }

        return problem.Length == 0;
    }

    /// <summary>Returns the text of a query with another cursor, for the next page.</summary>
    public static string WithCursor(string text, long cursor)
    {
        ArgumentNullException.ThrowIfNull(text);
        var next = new StringBuilder();
        for (var rest = text.AsSpan().TrimStart(); !rest.IsEmpty; rest = rest.TrimStart())
        {
            var start = rest;
            var filter = ReadFilter(rest);
            if (filter is not null)
                rest = rest[(filter.Length + 1)..];
            ReadText(ref rest);
            if (filter != "before")
                next.Append(start[..^rest.Length]).Append(' ');
        }

        return next.Append("before:").Append(cursor.ToString(CultureInfo.InvariantCulture)).ToString();
    }
}
