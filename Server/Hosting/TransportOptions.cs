using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Hosting;

/// <summary>The socket transport under Kestrel.</summary>
public enum TransportKind
{
    /// <summary>The project's own transport, <c>Server/Sockets</c>.</summary>
    Sockets,

    /// <summary>Kestrel's own transport.</summary>
    Kestrel,
}

/// <summary>How Kestrel uses sockets. Section <c>Transport</c>.</summary>
public sealed class TransportOptions
{
    public const string Section = "Transport";

    /// <summary>The socket transport under Kestrel. Default <c>sockets</c>.</summary>
    public TransportKind Kind { get; set; } = TransportKind.Sockets;

    /// <summary>
    /// Whether a WebSocket over HTTP/1.1 takes over the connection from Kestrel when the WebSocket's request ends. This saves memory.
    /// Default true.
    /// </summary>
    public bool Takeover { get; set; } = true;

    /// <summary>
    /// Maximum open connections of all clients together. The server closes further connections immediately. 0 means: the number of files that the
    /// process may open, minus 320 for the server itself, minus <c>2 × Files:Uploads</c> for uploads, and minus <c>Webhooks:MaxConcurrent</c> for
    /// webhooks. If the process may not open enough files, the server does not start. Default 0.
    /// </summary>
    [Range(0, 10_000_000)]
    public int Connections { get; set; }
}
