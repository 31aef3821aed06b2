using System.Buffers;
using System.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Writes the forever iframe: an HTML page that stays open. Each frame is a script element that calls a function of the
/// parent page. A browser runs each script element as soon as it arrives.
/// <code>
///   &lt;script nonce="…"&gt;parent.onFrame({"type":"pong",…})&lt;/script&gt;
/// </code>
/// </summary>
public static class ScriptFraming
{
    /// <summary>The maximum length of a callback's name, in characters.</summary>
    public const int MaxCallbackLength = 100;

    /// <summary>
    /// The number of padding bytes before the first frame. Old browsers render nothing before the first kilobyte, and some proxies buffer
    /// four kilobytes.
    /// </summary>
    public const int PaddingBytes = 4096;

    private static readonly SearchValues<byte> EscapedBytes = SearchValues.Create((byte)'<', (byte)'>', (byte)'&', (byte)'\'', 0xE2);

    /// <summary>An HTML comment, which parsers ignore. It prevents timeouts of the connection and of proxies.</summary>
    public static ReadOnlySpan<byte> KeepAlive => "<!---->\n"u8;

    /// <summary>
    /// Whether a callback name is valid: identifiers of ASCII letters, digits, <c>_</c> and <c>$</c>, joined by dots. Any other text
    /// could inject code into the script.
    /// </summary>
    public static bool IsValidCallback(string name)
    {
        if (name.Length is 0 or > MaxCallbackLength)
            return false;
        foreach (var part in name.Split('.'))
        {
            if (part.Length == 0 || char.IsAsciiDigit(part[0]) || !part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$'))
                return false;
        }

        return true;
    }

    /// <summary>Writes the page up to its first frame.</summary>
    /// <param name="output">The output.</param>
    /// <param name="cursor">
    /// The cursor that confirms everything before the first frame. The parent page reads this cursor from <c>data-cursor</c> of the root
    /// element.
    /// </param>
    public static void WriteHead(IBufferWriter<byte> output, long cursor)
    {
        output.Write("<!doctype html>\n<html data-cursor=\""u8);
        PollBatch.WriteNumber(output, cursor);
        output.Write("\"><meta charset=\"utf-8\"><title>frames</title>\n<!--"u8);
        var padding = output.GetSpan(PaddingBytes)[..PaddingBytes];
        padding.Fill((byte)' ');
        output.Advance(PaddingBytes);
        output.Write("-->\n"u8);
    }

    /// <summary>Writes one frame.</summary>
    /// <param name="output">The output.</param>
    /// <param name="nonce">The nonce in the page's Content-Security-Policy.</param>
    /// <param name="callback">A name for which <see cref="IsValidCallback"/> is true.</param>
    /// <param name="json">The frame as JSON. This method escapes the JSON so that it cannot end the script.</param>
    public static void Write(IBufferWriter<byte> output, string nonce, string callback, ReadOnlySpan<byte> json)
    {
        output.Write("<script nonce=\""u8);
        Encoding.ASCII.GetBytes(nonce, output);
        output.Write("\">"u8);
        Encoding.ASCII.GetBytes(callback, output);
        output.Write("("u8);
        WriteEscaped(output, json);
        output.Write(")</script>\n"u8);
    }

    // In JSON, the characters that could end the script element or begin another one occur only inside strings. Inside a string,
    // an escape means the same as the character. Before ECMAScript 2019 the line separators U+2028 and U+2029 ended a string, so this
    // method also escapes these two.
    private static void WriteEscaped(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        while (json.IndexOfAny(EscapedBytes) is >= 0 and var at)
        {
            output.Write(json[..at]);
            var separator = json[at] == 0xE2;
            if (!separator)
                WriteEscape(output, json[at]);
            else if (json.Length > at + 2 && json[at + 1] == 0x80 && json[at + 2] is 0xA8 or 0xA9)
            {
                output.Write(json[at + 2] == 0xA8 ? "\\u2028"u8 : "\\u2029"u8);
                json = json[(at + 3)..];
                continue;
            }
            else
                output.Write(json.Slice(at, 1));
            json = json[(at + 1)..];
        }

        output.Write(json);
    }

    private static void WriteEscape(IBufferWriter<byte> output, byte character)
    {
        output.Write("\\u00"u8);
        var digits = output.GetSpan(2);
        digits[0] = HexDigit(character >> 4);
        digits[1] = HexDigit(character & 15);
        output.Advance(2);
    }

    private static byte HexDigit(int value) => "0123456789abcdef"u8[value];
}
