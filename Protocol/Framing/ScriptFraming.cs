using System.Buffers;
using System.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// The forever iframe: an HTML page that never ends, in which each frame is a script element that calls a function of the
/// page around it. A browser runs each as soon as it has come.
/// <code>
///   &lt;script nonce="…"&gt;parent.onFrame({"type":"pong",…})&lt;/script&gt;
/// </code>
/// </summary>
public static class ScriptFraming
{
    /// <summary>The most characters that a callback's name may have.</summary>
    public const int MaxCallbackLength = 100;

    /// <summary>Bytes before the first frame. Old browsers show nothing of a page before they have a kilobyte or so of it, and some proxies keep four.</summary>
    public const int PaddingBytes = 4096;

    private static readonly SearchValues<byte> Special = SearchValues.Create((byte)'<', (byte)'>', (byte)'&', (byte)'\'', 0xE2);

    /// <summary>Something that a parser drops, and that keeps the stream, and the proxies on its way, awake.</summary>
    public static ReadOnlySpan<byte> KeepAlive => "<!---->\n"u8;

    /// <summary>
    /// Whether a name may be called: identifiers of ASCII letters, digits, <c>_</c> and <c>$</c>, joined by dots. Nothing else
    /// is let into a script.
    /// </summary>
    public static bool IsCallback(string name)
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

    /// <summary>The page up to its first frame.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="cursor">What confirms all before the first frame; the page around finds it as <c>data-cursor</c> of the root element.</param>
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

    /// <summary>One frame.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="nonce">As the page's Content-Security-Policy has it.</param>
    /// <param name="callback">A name for which <see cref="IsCallback"/> holds.</param>
    /// <param name="json">The frame; nothing in it can end the script.</param>
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

    // What could end the script element, or begin another, stands in JSON within strings alone, where an escape means the
    // same. Before ECMAScript 2019 the line separators U+2028 and U+2029 ended a string.
    private static void WriteEscaped(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        while (json.IndexOfAny(Special) is >= 0 and var at)
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
