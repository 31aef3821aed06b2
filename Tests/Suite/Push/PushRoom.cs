using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Push;

/// <summary>A server with keys for push messages, a connected user who writes, and users whose page is closed.</summary>
public sealed class PushRoom : IAsyncDisposable
{
    private PushRoom(ServerUnderTest server, FakePushService service, ChatClient writer) => (Server, Service, Writer) = (server, service, writer);

    public static (string Public, string Private) Keys { get; } = RawSocketChat.Server.Push.PushKeys.Create();

    public static string[] Settings =>
        ["--Push:Subject", "mailto:admin@example.org", "--Push:PublicKey", Keys.Public, "--Push:PrivateKey", Keys.Private, "--Push:AllowedNetworks:0", "127.0.0.0/8"];

    public ServerUnderTest Server { get; }

    public FakePushService Service { get; }

    /// <summary>The connection of the user bob, who is in the lobby.</summary>
    public ChatClient Writer { get; }

    public static async Task<PushRoom> StartAsync(params string[] settings)
    {
        var service = await FakePushService.StartAsync();
        var server = await ServerUnderTest.StartAsync([.. Settings, .. settings]);
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        return new PushRoom(server, service, bob);
    }

    /// <summary>Adds a user with an account. The user is a member of the lobby, has a push subscription, and has no open page.</summary>
    /// <param name="more">More fields of the subscription.</param>
    /// <param name="level">The user's notification level in the lobby.</param>
    /// <param name="service">The push service of the browser. Null uses <see cref="Service"/>.</param>
    public async Task<(HttpTestClient Session, FakeBrowser Browser)> AddAsync(string name, string more = "", string level = "all", FakePushService? service = null)
    {
        var session = new HttpTestClient(Server.HttpPort);
        // The page uses a WebSocket, because its user is disconnected as soon as the WebSocket has closed. After POST /session, the user would count
        // as connected for some time.
        await using (var page = await ChatClient.ConnectAsync(Server.HttpPort, "/ws"))
        {
            await page.Inbox.ExpectAsync<WelcomeFrame>();
            // The user registers, because a mention of a user who is not connected works only with the name of an account.
            var welcome = await page.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = name, Password = "my long password", Id = FrameId.From("r") });
            session.Token = welcome.Session;
            await page.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
            await page.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Notify, Room = "lobby", Level = level, Id = FrameId.From("n") });
        }

        await TestWait.UntilAsync(() => !Server.HasConnection(name), "the page to be closed");
        var browser = (service ?? Service).Subscribe();
        var answer = await session.PostAsync("/push", browser.ToJson(more));
        answer.Status.Should().Be(204, answer.Body);
        return (session, browser);
    }

    /// <summary>Opens a connection of the session.</summary>
    public async Task<ChatClient> OpenPageAsync(HttpTestClient session)
    {
        var page = await ChatClient.ConnectAsync(Server.HttpPort, $"/ws?session={session.Token}");
        await page.Inbox.ExpectAsync<WelcomeFrame>();
        return page;
    }

    public Task<AckFrame> SayAsync(string text, string room = "lobby") => Writer.SayAsync(text, room: room);

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await Server.DisposeAsync();
        await Service.DisposeAsync();
    }
}
