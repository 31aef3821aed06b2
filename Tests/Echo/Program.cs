using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.Echo;

// Runs the server's WebSocket layer without the chat: every message is sent back.
const int MiB = 1024 * 1024;
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddConnectionRegistry();
builder.Services.AddOrigins();
var app = builder.Build();
app.MapWebSocket("/echo", alsoAt: null, new WebSocketEndpoint
{
    Handlers = new EchoHandlerFactory(),
    MaxMessageBytes = 16 * MiB,
    OutboxBytes = 64 * MiB,
    // Compresses small messages too, because conformance tests of compression use short messages.
    Deflate = new DeflateOptions { MinBytes = 1 },
});
app.Run();
