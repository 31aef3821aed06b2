namespace RawSocketChat.Server.Hosting;

/// <summary>What lies between Kestrel and the sockets.</summary>
public enum TransportKind
{
    /// <summary>The project's own, <c>Server/Sockets</c>.</summary>
    Sockets,

    /// <summary>Kestrel's own.</summary>
    Kestrel,
}

/// <summary>Section <c>Transport</c>.</summary>
public sealed class TransportOptions
{
    public const string Section = "Transport";

    /// <summary>What lies between Kestrel and the sockets. Default <c>sockets</c>.</summary>
    public TransportKind Kind { get; set; } = TransportKind.Sockets;

    /// <summary>Whether a WebSocket over HTTP/1.1 outlives its request, and so costs less memory. Default true.</summary>
    public bool Takeover { get; set; } = true;
}
