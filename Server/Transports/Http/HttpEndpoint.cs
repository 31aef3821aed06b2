using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>The handlers and limits of the HTTP transports.</summary>
public sealed class HttpEndpoint
{
    /// <summary>Creates the handler of each session.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>
    /// Maximum bytes of one frame; a longer frame is answered with an error. The body of a <c>POST /send</c> may have 16 times as many
    /// bytes.
    /// </summary>
    public int MaxFrameBytes { get; init; } = EndpointDefaults.MaxFrameBytes;

    /// <summary>Counts the received bytes of all request bodies. The bytes of a body count until its request ends.</summary>
    public ByteBudget Bodies { get; init; } = new(64 * 1024 * 1024);

    /// <summary>Counts the bytes of the answers to POSTs until they are written.</summary>
    public ByteBudget Answers { get; init; } = new(64 * 1024 * 1024);

    /// <summary>Maximum bytes that wait for a session that reads too slowly.</summary>
    public long OutboxBytes { get; init; } = EndpointDefaults.OutboxBytes;

    /// <summary>The rate at which the frames of one connection are read; null for no limit. See <see cref="ReceivePace"/>.</summary>
    public Rate? FrameRate { get; init; }
}
