using System.ComponentModel.DataAnnotations;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Compression of WebSocket messages, permessage-deflate (RFC 7692). Section <c>Deflate</c>.</summary>
public sealed class DeflateOptions
{
    public const string Section = "Deflate";

    /// <summary>Whether it is agreed on with clients that offer it. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Bytes of JSON from which on a frame is compressed; shorter ones go as they are. Default 1024: see <see cref="MessageDeflater.DefaultMinBytes"/>.</summary>
    [Range(1, 16 * 1024 * 1024)]
    public int MinBytes { get; set; } = MessageDeflater.DefaultMinBytes;

    /// <summary>How hard to compress, 1 (fast) to 9 (small). Default 3: see <see cref="MessageDeflater.DefaultLevel"/>.</summary>
    [Range(1, 9)]
    public int Level { get; set; } = MessageDeflater.DefaultLevel;

    /// <summary>
    /// Whether a client's messages may refer to its earlier ones. They then take fewer bytes, and the server holds a window of
    /// up to 32 KiB for each connection. Default false.
    /// </summary>
    public bool ClientContextTakeover { get; set; }
}
