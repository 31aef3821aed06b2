using System.Buffers.Binary;
using System.Text;

namespace RawSocketChat.Server.Files.Images;

/// <summary>
/// Copies the WebP chunks that a viewer needs (RFC 9649, section 2). Browsers ignore the orientation in the Exif data of a WebP image, so the copy
/// has no Exif data at all.
/// </summary>
internal static class WebpCleaner
{
    private const int FileHeaderBytes = 12;
    private const int ChunkHeaderBytes = 8;
    private const int ExtendedHeaderBytes = 10;
    private const int MaxChunks = 100_000;

    // Flags of the chunk VP8X: the file has Exif data, or XMP metadata.
    private const byte HasExif = 0x08;
    private const byte HasXmp = 0x04;

    public static void Copy(Stream source, ImageWriter target)
    {
        var chunks = ListChunks(source);
        if (chunks[0].Type != "VP8X")
            chunks = [chunks[0]];
        var length = 4 + chunks.Sum(chunk => ChunkHeaderBytes + chunk.Length + (chunk.Length & 1));
        target.Write("RIFF"u8);
        target.WriteUInt32LittleEndian((uint)length);
        target.Write("WEBP"u8);
        foreach (var chunk in chunks)
            CopyChunk(source, target, chunk);
    }

    private static void CopyChunk(Stream source, ImageWriter target, Chunk chunk)
    {
        source.Position = chunk.Start;
        var reader = new ImageReader(source);
        WriteHeader(target, chunk.Type, chunk.Length);
        if (chunk.Type == "VP8X")
        {
            target.Write((byte)(reader.ReadByte() & ~(HasExif | HasXmp)));
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
    private static List<Chunk> ListChunks(Stream source)
    {
        Span<byte> header = stackalloc byte[FileHeaderBytes];
        source.Position = 0;
        if (source.ReadAtLeast(header, FileHeaderBytes, throwOnEndOfStream: false) < FileHeaderBytes || !header.StartsWith("RIFF"u8) || !header.EndsWith("WEBP"u8))
            throw new ImageFormatException("the signature is missing");
        var end = ChunkHeaderBytes + (long)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (end > source.Length)
            throw new ImageFormatException("the image is incomplete");
        var kept = new List<Chunk>();
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

    private sealed record Chunk(string Type, long Start, long Length);
}
