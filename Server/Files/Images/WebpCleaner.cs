using System.Buffers.Binary;
using System.Text;

namespace RawSocketChat.Server.Files.Images;

/// <summary>Copies the WebP chunks that a viewer needs (RFC 9649, section 2).</summary>
internal static class WebpCleaner
{
    private const int FileHeaderBytes = 12;
    private const int ChunkHeaderBytes = 8;
    private const int ExtendedHeaderBytes = 10;
    private const int MaxChunks = 100_000;
    private const int MaxExifBytes = 64 * 1024;

    // Flags of the chunk VP8X: the file has Exif data, or XMP metadata.
    private const byte HasExif = 0x08;
    private const byte HasXmp = 0x04;

    public static void Copy(Stream source, ImageWriter target)
    {
        var chunks = ListChunks(source, out var orientation);
        var isExtended = chunks[0].Type == "VP8X";
        if (!isExtended)
            chunks = [chunks[0]];
        var exif = isExtended && orientation != Orientation.Normal ? Orientation.CreateExif(orientation) : [];
        var length = 4 + chunks.Sum(chunk => ChunkHeaderBytes + chunk.Length + (chunk.Length & 1)) + (exif.Length == 0 ? 0 : ChunkHeaderBytes + exif.Length);
        target.Write("RIFF"u8);
        target.WriteUInt32LittleEndian((uint)length);
        target.Write("WEBP"u8);
        foreach (var chunk in chunks)
            CopyChunk(source, target, chunk, exif.Length > 0);
        if (exif.Length > 0)
        {
            WriteHeader(target, "EXIF", exif.Length);
            target.Write(exif);
        }
    }

    private static void CopyChunk(Stream source, ImageWriter target, Chunk chunk, bool hasExif)
    {
        source.Position = chunk.Start;
        var reader = new ImageReader(source);
        WriteHeader(target, chunk.Type, chunk.Length);
        if (chunk.Type == "VP8X")
        {
            var flags = reader.ReadByte() & ~(HasExif | HasXmp);
            target.Write((byte)(hasExif ? flags | HasExif : flags));
            reader.CopyTo(target, chunk.Length - 1);
        }
        else
            reader.CopyTo(target, chunk.Length);
        if ((chunk.Length & 1) != 0)
            target.Write(0);
    }

    private static void WriteHeader(ImageWriter target, string type, long length)
    {
        target.Write(Encoding.Latin1.GetBytes(type));
        target.WriteUInt32LittleEndian((uint)length);
    }

    // The size of the file comes first in a WebP file. So all chunks must be known before the first one is copied.
    private static List<Chunk> ListChunks(Stream source, out int orientation)
    {
        Span<byte> header = stackalloc byte[FileHeaderBytes];
        source.Position = 0;
        if (source.ReadAtLeast(header, FileHeaderBytes, throwOnEndOfStream: false) < FileHeaderBytes || !header.StartsWith("RIFF"u8) || !header.EndsWith("WEBP"u8))
            throw new ImageFormatException("the signature is missing");
        var end = ChunkHeaderBytes + (long)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (end > source.Length)
            throw new ImageFormatException("the image is incomplete");
        var kept = new List<Chunk>();
        orientation = Orientation.Normal;
        var count = 0;
        for (long start = FileHeaderBytes, next; start + ChunkHeaderBytes <= end; start = next)
        {
            source.Position = start;
            source.ReadExactly(header[..ChunkHeaderBytes]);
            var chunk = new Chunk(Encoding.Latin1.GetString(header[..4]), start + ChunkHeaderBytes, BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
            next = chunk.Start + chunk.Length + (chunk.Length & 1);
            // Some programs write no padding byte at the end.
            if (chunk.Start + chunk.Length > end || ++count > MaxChunks)
                throw new ImageFormatException("a chunk is not valid");
            if (chunk.Type == "EXIF" && chunk.Length <= MaxExifBytes)
                orientation = FindOrientation(source, (int)chunk.Length);
            if (chunk.Type is "VP8 " or "VP8L" or "VP8X" or "ALPH" or "ANIM" or "ANMF" or "ICCP")
                kept.Add(chunk);
        }

        if (kept.Count == 0 || kept[0].Type is not ("VP8 " or "VP8L" or "VP8X") || (kept[0].Type == "VP8X" && kept[0].Length < ExtendedHeaderBytes)
            || !kept.Exists(chunk => chunk.Type is "VP8 " or "VP8L" or "ANMF"))
        {
            throw new ImageFormatException("the picture is missing");
        }

        return kept;
    }

    private static int FindOrientation(Stream source, int length)
    {
        var exif = new byte[length];
        source.ReadExactly(exif);
        // Some programs begin the chunk as in a JPEG file.
        return Orientation.Find(exif.AsSpan(exif.AsSpan().StartsWith("Exif\0\0"u8) ? 6 : 0));
    }

    private sealed record Chunk(string Type, long Start, long Length);
}
