using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace RawSocketChat.Server.Files.Images;

/// <summary>Copies the PNG chunks that a viewer needs (W3C, Portable Network Graphics, third edition, section 11).</summary>
internal static class PngCleaner
{
    private const int HeaderBytes = 13;

    // A larger chunk with Exif data is skipped, because reading it would take too much memory. The orientation of the image is then lost.
    private const int MaxExifBytes = 64 * 1024;

    // The ancillary chunks that are kept: transparency, colors, size of the pixels and animation.
    private static readonly HashSet<string> KeptAncillary =
        ["tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT"];

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Copies an image, and returns its orientation.</summary>
    /// <exception cref="ImageFormatException">The image is not valid.</exception>
    public static int Copy(ImageReader source, ImageWriter target)
    {
        Span<byte> start = stackalloc byte[8];
        source.Read(start);
        if (!start.SequenceEqual(Signature))
            throw new ImageFormatException("the signature is missing");
        target.Write(start);
        var (isFirst, hasData, orientation) = (true, false, Orientation.Normal);
        for (var type = ""; type != "IEND"; isFirst = false)
        {
            source.Read(start);
            var length = BinaryPrimitives.ReadUInt32BigEndian(start);
            type = Encoding.Latin1.GetString(start[4..]);
            if (length > int.MaxValue || isFirst != (type == "IHDR") || (isFirst && length != HeaderBytes))
                throw new ImageFormatException("a chunk is not valid");
            hasData |= type == "IDAT";
            if (IsKept(type))
            {
                target.Write(start);
                source.CopyTo(target, (long)length + 4);
            }
            else if (type == "eXIf" && length <= MaxExifBytes && !hasData && orientation == Orientation.Normal)
                orientation = CopyOrientation(source, target, (int)length);
            else
                source.Skip((long)length + 4);
        }

        if (!hasData)
            throw new ImageFormatException("the picture is missing");
        return orientation;
    }

    private static bool IsKept(string type) => type switch
    {
        "IHDR" or "PLTE" or "IDAT" or "IEND" => true,
        // A viewer must not show an image with a critical chunk that it does not know (section 5.4).
        [>= 'A' and <= 'Z', ..] => throw new ImageFormatException("a critical chunk is unknown"),
        [>= 'a' and <= 'z', ..] => KeptAncillary.Contains(type),
        _ => throw new ImageFormatException("a chunk has no valid type"),
    };

    private static int CopyOrientation(ImageReader source, ImageWriter target, int length)
    {
        var exif = new byte[length];
        source.Read(exif);
        source.Skip(4);
        var orientation = Orientation.Find(exif);
        if (orientation == Orientation.Normal)
            return orientation;
        byte[] chunk = [.. "eXIf"u8, .. Orientation.CreateExif(orientation)];
        target.WriteUInt32BigEndian((uint)chunk.Length - 4);
        target.Write(chunk);
        target.WriteUInt32BigEndian(Crc32.HashToUInt32(chunk));
        return orientation;
    }
}
