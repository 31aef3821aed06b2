using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Api;

/// <summary>
/// Describes the chat protocol in AsyncAPI 3, from the point of view of the server: it receives the requests of clients, and sends frames. The
/// document describes the channels WebSocket and raw TCP. The other transports send the same frames.
/// </summary>
internal static class AsyncApiDocument
{
    private const string WebSocket = "webSocket";
    private const string RawTcp = "rawTcp";

    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document in UTF-8.</summary>
    public static byte[] Utf8 { get; } = JsonSerializer.SerializeToUtf8Bytes(Create(), Options);

    private static JsonObject Create() => new()
    {
        ["asyncapi"] = "3.0.0",
        ["info"] = new JsonObject
        {
            ["title"] = "RawSocketChat",
            ["version"] = "1",
            ["description"] = "The chat protocol. Each message is one JSON object. The server answers each request with a frame that has the same id. A reader must ignore fields that it does not know. Protocol/README.md is the specification.",
        },
        ["defaultContentType"] = "application/json",
        ["servers"] = new JsonObject
        {
            [WebSocket] = CreateServer("ws", "localhost:5080", "WebSocket, over HTTP/1.1 or HTTP/2. With TLS, the protocol is wss."),
            [RawTcp] = CreateServer("tcp", "localhost:5081", "One frame for each line."),
        },
        ["channels"] = new JsonObject
        {
            [WebSocket] = CreateChannel(WebSocket, "/ws", "The server speaks first: its first frame is welcome. Subprotocol rawchat.v1.json.", CreateWebSocketBindings()),
            [RawTcp] = CreateChannel(RawTcp, address: null, "The client speaks first. A frame ends with a newline, or with NUL if the client's first frame ends with NUL.", bindings: null),
        },
        ["operations"] = new JsonObject
        {
            ["receiveOverWebSocket"] = CreateOperation("receive", WebSocket, "The requests of clients.", ClientKeys),
            ["sendOverWebSocket"] = CreateOperation("send", WebSocket, "Answers and events.", ServerKeys),
            ["receiveOverRawTcp"] = CreateOperation("receive", RawTcp, "The requests of clients.", ClientKeys),
            ["sendOverRawTcp"] = CreateOperation("send", RawTcp, "Answers and events.", ServerKeys),
        },
        ["components"] = new JsonObject
        {
            ["messages"] = CreateMessages(),
            ["schemas"] = FrameSchemas.Create(),
        },
    };

    private static IEnumerable<string> ClientKeys => FrameSchemas.ClientFrames.Select(frame => FrameSchemas.GetClientKey(frame.Type));

    private static IEnumerable<string> ServerKeys => FrameSchemas.ServerFrames.Select(FrameSchemas.GetServerKey);

    private static JsonObject CreateServer(string protocol, string address, string description) => new()
    {
        ["host"] = "{address}",
        ["protocol"] = protocol,
        ["description"] = description,
        ["variables"] = new JsonObject { ["address"] = new JsonObject { ["default"] = address, ["description"] = "The host and the port of the server." } },
    };

    private static JsonObject CreateChannel(string server, string? address, string description, JsonObject? bindings)
    {
        var channel = new JsonObject
        {
            ["address"] = address,
            ["description"] = description,
            ["servers"] = new JsonArray(Refer($"servers/{server}")),
            ["messages"] = new JsonObject(ClientKeys.Concat(ServerKeys).Select(key => KeyValuePair.Create<string, JsonNode?>(key, Refer($"components/messages/{key}")))),
        };
        if (bindings is not null)
            channel.Add("bindings", bindings);
        return channel;
    }

    private static JsonObject CreateWebSocketBindings() => new()
    {
        ["ws"] = new JsonObject
        {
            ["method"] = "GET",
            ["query"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["name"] = CreateText("The name of the user."),
                    ["room"] = CreateText("A room to join."),
                    ["session"] = CreateText("The token of an earlier welcome."),
                    ["format"] = CreateText("With the value \"text\", the server sends lines for people instead of JSON."),
                },
            },
        },
    };

    private static JsonObject CreateText(string description) => new() { ["type"] = "string", ["description"] = description };

    private static JsonObject CreateOperation(string action, string channel, string summary, IEnumerable<string> keys) => new()
    {
        ["action"] = action,
        ["channel"] = Refer($"channels/{channel}"),
        ["summary"] = summary,
        ["messages"] = new JsonArray([.. keys.Select(key => Refer($"channels/{channel}/messages/{key}"))]),
    };

    private static JsonObject CreateMessages()
    {
        var messages = new JsonObject();
        foreach (var (type, description) in FrameSchemas.ClientFrames)
            messages.Add(FrameSchemas.GetClientKey(type), CreateMessage(FrameSchemas.GetClientKey(type), type, $"A client {description}."));
        foreach (var type in FrameSchemas.ServerFrames)
            messages.Add(FrameSchemas.GetServerKey(type), CreateMessage(FrameSchemas.GetServerKey(type), type, $"The frame \"{type}\" of the server."));
        return messages;
    }

    private static JsonObject CreateMessage(string key, string type, string summary) => new()
    {
        ["name"] = type,
        ["summary"] = summary,
        ["payload"] = new JsonObject { ["$ref"] = FrameSchemas.Prefix + key },
    };

    private static JsonObject Refer(string path) => new() { ["$ref"] = $"#/{path}" };
}
