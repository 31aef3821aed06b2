using Microsoft.Extensions.Options;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Server.Hosting;

/// <summary>The chat's ways in: what each may take, and that the chat stands behind it.</summary>
public sealed class ChatEndpoints(
    ChatServices chat,
    IOptions<LimitsOptions> limits,
    IOptions<PlaintextOptions> plaintext,
    IOptions<RawTcpOptions> rawTcp,
    IOptions<DeflateOptions> deflate,
    TimeProvider time,
    IServiceProvider services)
{
    public const string JsonSubprotocol = "rawchat.v1.json";
    public const string TextSubprotocol = "rawchat.v1.text";

    public WebSocketEndpoint WebSocket { get; } = new()
    {
        Handlers = chat,
        MaxMessageBytes = limits.Value.FrameBytes,
        OutboxBytes = limits.Value.OutboxBytes,
        Deflate = deflate.Value,
        Subprotocols = [JsonSubprotocol, TextSubprotocol],
        TextSubprotocol = TextSubprotocol,
        Stamp = () => WireStamp.Now(time),
    };

    public HttpEndpoint Http { get; } = new()
    {
        Handlers = chat,
        MaxFrameBytes = limits.Value.FrameBytes,
        OutboxBytes = limits.Value.OutboxBytes,
    };

    public RawTcpEndpoint RawTcp { get; } = new()
    {
        Handlers = chat,
        MaxLineBytes = limits.Value.FrameBytes,
        OutboxBytes = limits.Value.OutboxBytes,
        AllowRemote = plaintext.Value.Allowed,
        PolicyDomains = [.. rawTcp.Value.PolicyDomains],
        Web = () => WebAddress.Of(services),
    };
}
