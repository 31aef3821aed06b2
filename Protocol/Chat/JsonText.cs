using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Writes JSON strings so that people can read them. Utf8JsonWriter writes every character above U+FFFF as an escape of twelve bytes, and chat
/// messages contain many emoji. So this class writes the strings that have such characters, and escapes only what JSON requires. Utf8JsonWriter
/// writes all other strings.
/// </summary>
internal static class JsonText
{
    private const int MaxStackBytes = 512;
    private const int MaxBytesPerChar = 6; // \u001f

    public static void WriteText(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string value)
    {
        if (!value.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            writer.WriteString(name, value);
            return;
        }
        writer.WritePropertyName(name);
        WriteEscaped(writer, value);
    }

    public static void WriteTextValue(this Utf8JsonWriter writer, string value)
    {
        if (value.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
            WriteEscaped(writer, value);
        else
            writer.WriteStringValue(value);
    }

    /// <summary>Appends a string, as a JSON string, to a buffer that contains JSON.</summary>
    public static void Append(ArrayBufferWriter<byte> buffer, string value)
    {
        var length = Escape(value, buffer.GetSpan((value.Length * MaxBytesPerChar) + 2));
        buffer.Advance(length);
    }

    private static void WriteEscaped(Utf8JsonWriter writer, string value)
    {
        var size = (value.Length * MaxBytesPerChar) + 2;
        var rented = size > MaxStackBytes ? ArrayPool<byte>.Shared.Rent(size) : null;
        var json = rented ?? stackalloc byte[MaxStackBytes];
        var length = Escape(value, json);
        writer.WriteRawValue(json[..length], skipInputValidation: true);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    // RFC 8259, section 7: only quotation marks, backslashes and U+0000 to U+001F must be escaped. A lone surrogate has no UTF-8 form:
    // EnumerateRunes returns U+FFFD for it.
    private static int Escape(string value, Span<byte> json)
    {
        var at = 0;
        json[at++] = (byte)'"';
        foreach (var rune in value.EnumerateRunes())
        {
            var escape = rune.Value switch
            {
                '"' => "\\\""u8,
                '\\' => "\\\\"u8,
                '\n' => "\\n"u8,
                '\r' => "\\r"u8,
                '\t' => "\\t"u8,
                _ => default,
            };
            if (!escape.IsEmpty)
            {
                escape.CopyTo(json[at..]);
                at += escape.Length;
            }
            else if (Rune.IsControl(rune))
            {
                "\\u00"u8.CopyTo(json[at..]);
                rune.Value.TryFormat(json[(at + 4)..], out _, "x2", System.Globalization.CultureInfo.InvariantCulture);
                at += MaxBytesPerChar;
            }
            else
                at += rune.EncodeToUtf8(json[at..]);
        }
        json[at++] = (byte)'"';
        return at;
    }
}
