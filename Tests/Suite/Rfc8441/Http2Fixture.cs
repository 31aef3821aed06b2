using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>A server with TLS and one HTTP/2 connection to it, shared by all tests of a fixture. Each test uses its own user names.</summary>
public abstract class Http2Fixture
{
    protected ServerUnderTest Server { get; private set; } = null!;

    protected Http2Client Connection { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        Server = await ServerUnderTest.StartAsync(ConfigureServices, "--urls", "https://127.0.0.1:0", "--Data:Durability", "none");
        Connection = new Http2Client(Server);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        Connection.Dispose();
        await Server.DisposeAsync();
    }

    protected virtual void ConfigureServices(IServiceCollection services)
    {
    }

    /// <summary>Opens a WebSocket on the shared connection and joins the lobby.</summary>
    protected async Task<ChatClient> JoinAsync(string name)
    {
        var client = await Connection.ConnectAsync($"/ws?name={name}&room=lobby");
        await client.Inbox.ExpectAsync<Protocol.Chat.JoinedFrame>();
        return client;
    }
}
