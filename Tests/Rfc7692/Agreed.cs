using System.IO.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>What two ends may have agreed on, and DEFLATE data that the code under test did not make.</summary>
internal static class Agreed
{
    public static readonly DeflateParameters Takeover = new();

    public static readonly DeflateParameters NoTakeover = new() { ServerNoContextTakeover = true, ClientNoContextTakeover = true };

    /// <summary>A message as the framework's deflater writes it, without its tail.</summary>
    public static byte[] Deflate(byte[] message, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var output = new MemoryStream();
        using var deflater = new DeflateStream(output, level, leaveOpen: true);
        deflater.Write(message);
        deflater.Flush();
        return output.ToArray()[..^4];
    }
}
