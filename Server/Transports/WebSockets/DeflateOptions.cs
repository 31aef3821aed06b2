using System.ComponentModel.DataAnnotations;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Compression of WebSocket messages, permessage-deflate (RFC 7692). Section <c>Deflate</c>.</summary>
public sealed class DeflateOptions
{
    public const string Section = "Deflate";

    /// <summary>Whether the server accepts compression when a client offers it. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Minimum bytes of a frame's JSON for compression; shorter frames are sent uncompressed. Default 1024: see
    /// <see cref="MessageDeflater.DefaultMinBytes"/>.
    /// </summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MinBytes { get; set; } = MessageDeflater.DefaultMinBytes;

    /// <summary>The compression level, 1 (fast) to 9 (small). Default 3: see <see cref="MessageDeflater.DefaultLevel"/>.</summary>
    [Range(1, 9)]
    public int Level { get; set; } = MessageDeflater.DefaultLevel;

    /// <summary>
    /// Whether a client's messages may refer to the client's earlier messages. Such references make the messages smaller, but the server
    /// keeps a window of up to 32 KiB for each connection. Default false.
    /// </summary>
    public bool ClientContextTakeover { get; set; }
}
