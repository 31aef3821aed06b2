using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Server.Hosting;

/// <summary>Configures each transport: the chat handles its connections, within the limits of the settings.</summary>
public sealed class ChatEndpoints(
    ChatServices chat,
    IOptions<LimitsOptions> limits,
    IOptions<PlaintextOptions> plaintext,
    IOptions<RawTcpOptions> rawTcp,
    IOptions<DeflateOptions> deflate,
    IOptions<HttpOptions> http,
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
        FrameRate = chat.FrameRate,
        Deflate = deflate.Value,
        Subprotocols = [JsonSubprotocol, TextSubprotocol],
        TextSubprotocol = TextSubprotocol,
        Stamp = () => WireStamp.Create(time),
    };

    public HttpEndpoint Http { get; } = new()
    {
        Bodies = new ByteBudget(http.Value.BodyBytes),
        Answers = new ByteBudget(http.Value.AnswerBytes),
        Handlers = chat,
        MaxFrameBytes = limits.Value.FrameBytes,
        OutboxBytes = limits.Value.OutboxBytes,
        FrameRate = chat.FrameRate,
    };

    public RawTcpEndpoint RawTcp { get; } = new()
    {
        Handlers = chat,
        MaxLineBytes = limits.Value.FrameBytes,
        OutboxBytes = limits.Value.OutboxBytes,
        FrameRate = chat.FrameRate,
        AllowRemote = plaintext.Value.Allowed,
        PolicyDomains = [.. rawTcp.Value.PolicyDomains],
        Web = () => WebAddress.GetPageAddress(services),
    };
}
