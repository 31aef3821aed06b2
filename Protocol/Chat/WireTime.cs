using System.Globalization;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>Formats times for the wire: ISO 8601 in UTC, with exactly three decimals and a Z.</summary>
internal static class WireTime
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int Length = 24; // 2026-11-23T10:02:31.123Z

    public static void WriteTime(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset at)
    {
        Span<byte> text = stackalloc byte[Length];
        at.UtcDateTime.TryFormat(text, out var written, Format, CultureInfo.InvariantCulture);
        writer.WriteString(name, text[..written]);
    }

    /// <summary>Formats the date and the time of day in UTC, for people: <c>2026-11-23 10:02:31</c>.</summary>
    public static string FormatDateAndTime(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Formats the time of day in UTC, for people: <c>10:02:31</c>.</summary>
    public static string FormatTimeOfDay(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Formats the date and the time in UTC, for people: <c>2026-11-23 10:02 UTC</c>.</summary>
    public static string FormatMinute(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
