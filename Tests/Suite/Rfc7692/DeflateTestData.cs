using System.IO.Compression;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Parameters of compression, and DEFLATE data. The framework creates this data, not the code under test.</summary>
internal static class DeflateTestData
{
    public static readonly DeflateParameters Takeover = new();

    public static readonly DeflateParameters NoTakeover = new() { ServerNoContextTakeover = true, ClientNoContextTakeover = true };

    /// <summary>Compresses a message with the framework's deflater, and removes the last four bytes (00 00 FF FF).</summary>
    public static byte[] Deflate(byte[] message, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var output = new MemoryStream();
        using var deflater = new DeflateStream(output, level, leaveOpen: true);
        deflater.Write(message);
        deflater.Flush();
        return output.ToArray()[..^4];
    }
}
