using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>The server by TLS, and one connection of HTTP/2 to it, for all tests of a fixture; each uses names of its own.</summary>
public abstract class Http2Fixture
{
    protected ServerUnderTest Server { get; private set; } = null!;

    protected Http2Line Line { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        Server = await ServerUnderTest.StartAsync(Change, "--urls", "https://127.0.0.1:0", "--Data:Durability", "none");
        Line = new Http2Line(Server);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        Line.Dispose();
        await Server.DisposeAsync();
    }

    protected virtual void Change(IServiceCollection services)
    {
    }

    /// <summary>A WebSocket on the one line that is in the lobby.</summary>
    protected async Task<ChatClient> JoinAsync(string name)
    {
        var client = await Line.ConnectAsync($"/ws?name={name}&room=lobby");
        await client.Inbox.ExpectAsync<Protocol.Chat.JoinedFrame>();
        return client;
    }
}
