using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.Echo;

// The server's WebSocket layer with nothing of the chat behind it: what comes in goes out.
const int MiB = 1024 * 1024;
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddConnectionRegistry();
builder.Services.AddOrigins();
var app = builder.Build();
app.MapRawWebSocket("/echo", new WebSocketEndpoint
{
    Handlers = new EchoHandlers(),
    MaxMessageBytes = 16 * MiB,
    OutboxBytes = 64 * MiB,
    // Small messages too, so that who tries compression sees some.
    Deflate = new DeflateOptions { MinBytes = 1 },
});
app.Run();
