using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using SkiaSharp;

namespace RawSocketChat.Tests.Files.Images;

/// <summary>Creates images for tests.</summary>
internal static class Pictures
{
    /// <summary>A text in the metadata. A cleaned image must not contain the text.</summary>
    public const string Secret = "N 52.5200 E 13.4050";

    private static readonly SKColor[] Quarters = [SKColors.Red, SKColors.Lime, SKColors.Blue, SKColors.Yellow];

    /// <summary>A picture with four quarters: red (top left), green (top right), blue (bottom left) and yellow (bottom right).</summary>
    public static byte[] CreateQuarters(SKEncodedImageFormat format, int width = 64, int height = 32)
    {
        using var bitmap = new SKBitmap(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                bitmap.SetPixel(x, y, Quarters[(2 * y / height * 2) + (2 * x / width)]);
        }

        return Encode(bitmap, format);
    }

    /// <summary>A picture that no format can compress well.</summary>
    public static byte[] CreateNoise(SKEncodedImageFormat format, int width, int height, int seed)
    {
        var random = new Random(seed);
        using var bitmap = new SKBitmap(width, height);
        var pixels = new SKColor[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = new SKColor((uint)random.Next() | 0xFF000000);
        bitmap.Pixels = pixels;
        return Encode(bitmap, format);
    }

    /// <summary>The colors of the quarters of an image: top left, top right, bottom left, bottom right. The method ignores the orientation.</summary>
    public static string[] ReadCorners(byte[] image)
    {
        using var bitmap = SKBitmap.Decode(image);
        (int X, int Y)[] corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
        return [.. corners.Select(corner => Name(bitmap.GetPixel((bitmap.Width / 4) + (corner.X * bitmap.Width / 2), (bitmap.Height / 4) + (corner.Y * bitmap.Height / 2))))];

        static string Name(SKColor color) => (color.Red > 128, color.Green > 128, color.Blue > 128) switch
        {
            (true, false, false) => "red",
            (false, true, false) => "green",
            (false, false, true) => "blue",
            (true, true, false) => "yellow",
            _ => color.ToString(),
        };
    }

    public static SKColor[] ReadPixels(byte[] image)
    {
        using var bitmap = SKBitmap.Decode(image);
        return bitmap?.Pixels ?? throw new AssertionException("the image cannot be decoded");
    }

    /// <summary>Adds what a camera adds: Exif data with the place and the orientation, XMP, IPTC, a comment, and bytes after the end.</summary>
    public static byte[] AddMetadata(byte[] jpeg, int orientation) =>
    [
        .. jpeg[..2],
        .. Segment(0xE1, [.. "Exif\0\0"u8, .. CreateExif(orientation)]),
        .. Segment(0xE1, Text($"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{Secret}</x:xmpmeta>")),
        .. Segment(0xED, Text($"Photoshop 3.0\0{Secret}")),
        .. Segment(0xFE, Text(Secret)),
        .. jpeg[2..],
        .. Text($"PK\u0003\u0004{Secret}"),
    ];

    public static byte[] AddPngMetadata(byte[] png, int orientation)
    {
        const int HeaderEnd = 8 + 12 + 13;
        return
        [
            .. png[..HeaderEnd],
            .. Chunk("tEXt", Text($"Comment\0{Secret}")),
            .. Chunk("iTXt", Text($"XML:com.adobe.xmp\0\0\0\0\0{Secret}")),
            .. Chunk("eXIf", CreateExif(orientation)),
            .. Chunk("tIME", [7, 234, 11, 29, 1, 2, 3]),
            .. Chunk("prVt", Text(Secret)),
            .. png[HeaderEnd..],
            .. Text($"<html><script>alert(1)</script>{Secret}"),
        ];
    }

    public static byte[] AddWebpMetadata(byte[] webp, int width, int height, int orientation)
    {
        byte[] size = [.. LittleEndian(width - 1)[..3], .. LittleEndian(height - 1)[..3]];
        byte[] body =
        [
            .. "WEBP"u8,
            .. WebpChunk("VP8X", [0x0C, 0, 0, 0, .. size]),
            .. WebpChunk("JUNK", Text(Secret)),
            .. webp[12..],
            .. WebpChunk("EXIF", CreateExif(orientation)),
            .. WebpChunk("XMP ", Text(Secret)),
        ];
        return [.. "RIFF"u8, .. LittleEndian(body.Length), .. body, .. Text($"PK\u0003\u0004{Secret}")];
    }

    /// <summary>An animated GIF: two frames of one pixel each, a comment, XMP data, and bytes after the end.</summary>
    public static byte[] CreateGif()
    {
        byte[] frame = [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
        byte[] secret = Text(Secret);
        return
        [
            .. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255,
            0x21, 0xFF, 11, .. "NETSCAPE2.0"u8, 3, 1, 0, 0, 0,
            0x21, 0xFE, (byte)secret.Length, .. secret, 0,
            0x21, 0xFF, 11, .. "XMP DataXMP"u8, (byte)secret.Length, .. secret, 0,
            .. frame, .. frame, 0x3B, .. secret,
        ];
    }

    /// <summary>A PNG of a few kilobytes. Its header declares the given size in pixels.</summary>
    public static byte[] CreateBomb(int width, int height)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            // The compressed data is too short for the picture. The decoder must refuse the picture because of its size, before it reads the data.
            zlib.Write(new byte[1_000_000]);
        }

        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", [.. BigEndian(width), .. BigEndian(height), 8, 2, 0, 0, 0]), .. Chunk("IDAT", compressed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using var image = SKImage.FromBitmap(bitmap);
        using var data = image.Encode(format, 100);
        return data.ToArray();
    }

    // Little-endian Exif data with the orientation, and a text where cameras write the place.
    private static byte[] CreateExif(int orientation) =>
    [
        .. "II*\0"u8, 8, 0, 0, 0,
        2, 0,
        0x0E, 0x01, 2, 0, (byte)Secret.Length, 0, 0, 0, 38, 0, 0, 0,
        0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0,
        0, 0, 0, 0,
        .. Text(Secret),
    ];

    private static byte[] Segment(byte marker, byte[] data) => [0xFF, marker, (byte)((data.Length + 2) >> 8), (byte)(data.Length + 2), .. data];

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] named = [.. Text(type), .. data];
        return [.. BigEndian(data.Length), .. named, .. BigEndian((int)Crc32.HashToUInt32(named))];
    }

    private static byte[] WebpChunk(string type, byte[] data) => [.. Text(type), .. LittleEndian(data.Length), .. data, .. new byte[data.Length & 1]];

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] LittleEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
