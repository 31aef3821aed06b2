using System.Buffers;
using System.Text;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Finds the media type of a content by its first bytes. The name and the type that the client sent do not matter. The server sends HTML, SVG and
/// scripts as plain text, so no browser runs them.
/// </summary>
public static class FileType
{
    public const string Png = "image/png";
    public const string Jpeg = "image/jpeg";
    public const string Gif = "image/gif";
    public const string Webp = "image/webp";

    /// <summary>The type of a content that this class does not know.</summary>
    public const string Unknown = "application/octet-stream";

    public const string Text = "text/plain";

    /// <summary>The number of bytes at the beginning of a content that <see cref="Detect"/> needs.</summary>
    public const int HeadBytes = 4096;

    // All control characters except those that text may contain: tab, newline, form feed, carriage return and escape (colors of terminals).
    private static readonly SearchValues<byte> BinaryBytes = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(value => (byte)value).Except("\t\n\f\r\u001b"u8.ToArray()), 0x7F]);

    // Browsers show these types themselves, and none of them can contain a script that runs.
    private static readonly HashSet<string> Inline =
    [
        Png, Jpeg, Gif, Webp, "video/mp4", "video/webm", "video/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/flac",
    ];

    private static readonly (int Offset, byte[] Bytes, string Type)[] Signatures =
    [
        (0, [0x89, .. "PNG\r\n\u001a\n"u8], Png),
        (0, [0xFF, 0xD8, 0xFF], Jpeg),
        (0, [.. "GIF87a"u8], Gif),
        (0, [.. "GIF89a"u8], Gif),
        (0, [.. "%PDF-"u8], "application/pdf"),
        (0, [.. "PK\u0003\u0004"u8], "application/zip"),
        (0, [.. "PK\u0005\u0006"u8], "application/zip"),
        (0, [0x1F, 0x8B, 0x08], "application/gzip"),
        (0, [.. "BZh"u8], "application/x-bzip2"),
        (0, [0xFD, .. "7zXZ\0"u8], "application/x-xz"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "application/zstd"),
        (0, [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
        (0, [.. "Rar!\u001a\u0007"u8], "application/vnd.rar"),
        (257, [.. "ustar"u8], "application/x-tar"),
        (0, [.. "fLaC"u8], "audio/flac"),
        (0, [.. "ID3"u8], "audio/mpeg"),
    ];

    private static readonly (string Format, string Type)[] RiffFormats = [("WEBP", Webp), ("WAVE", "audio/wav"), ("AVI ", "video/x-msvideo")];

    // The major brands of the ISO base media file format (ISO 14496-12, section 4.3).
    private static readonly (string Brand, string Type)[] Brands =
    [
        ("avif", "image/avif"), ("avis", "image/avif"), ("heic", "image/heic"), ("heix", "image/heic"), ("mif1", "image/heif"), ("msf1", "image/heif"),
        ("qt  ", "video/quicktime"), ("M4A ", "audio/mp4"), ("M4B ", "audio/mp4"), ("F4A ", "audio/mp4"),
    ];

    /// <summary>Returns the media type of a content.</summary>
    /// <param name="head">The first <see cref="HeadBytes"/> bytes, or all bytes of a shorter content.</param>
    public static string Detect(ReadOnlySpan<byte> head)
    {
        foreach (var (offset, bytes, type) in Signatures)
        {
            if (head.Length > offset && head[offset..].StartsWith(bytes))
                return type;
        }

        return FindContainer(head) ?? (IsMpegAudio(head) ? "audio/mpeg" : IsText(head) ? Text : Unknown);
    }

    /// <summary>Whether browsers may show a content of this type in the page. Otherwise they save the content as a file.</summary>
    public static bool IsInline(string type) => Inline.Contains(type);

    /// <summary>Whether the type is an image format that the server supports: it removes the metadata, and creates previews.</summary>
    public static bool IsImage(string type) => type is Png or Jpeg or Gif or Webp;

    private static string? FindContainer(ReadOnlySpan<byte> head)
    {
        if (head.Length >= 12 && head.StartsWith("RIFF"u8))
            return FindBy(RiffFormats, head[8..12]);
        if (head.Length >= 12 && head[4..].StartsWith("ftyp"u8))
            return FindBy(Brands, head[8..12]) ?? "video/mp4";
        if (head.StartsWith("OggS"u8))
            return head.IndexOf("theora"u8) >= 0 ? "video/ogg" : "audio/ogg";
        // EBML (RFC 8794). The document type is near the beginning.
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
            return head[..Math.Min(head.Length, 64)].IndexOf("webm"u8) >= 0 ? "video/webm" : "video/x-matroska";
        return null;
    }

    private static string? FindBy((string Code, string Type)[] table, ReadOnlySpan<byte> code)
    {
        foreach (var (known, type) in table)
        {
            if (code.SequenceEqual(Encoding.ASCII.GetBytes(known)))
                return type;
        }

        return null;
    }

    // A frame header of MPEG audio, layer III: 11 bits of sync, and valid values for the bit rate and the sample rate. ADTS (AAC) has layer
    // 0, so it is not taken for MP3.
    private static bool IsMpegAudio(ReadOnlySpan<byte> head) =>
        head.Length >= 4 && head[0] == 0xFF && (head[1] & 0xE6) == 0xE2 && (head[1] & 0x18) != 0x08 && (head[2] & 0xF0) is not (0xF0 or 0) && (head[2] & 0x0C) != 0x0C;

    // The head may end inside a character, so its last character may be incomplete.
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty || head.IndexOfAny(BinaryBytes) >= 0)
            return false;
        while (!head.IsEmpty)
        {
            switch (Rune.DecodeFromUtf8(head, out _, out var consumed))
            {
                case OperationStatus.Done:
                    head = head[consumed..];
                    break;
                case OperationStatus.NeedMoreData:
                    return true;
                default:
                    return false;
            }
        }

        return true;
    }
}
