using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page behind a real nginx with its default proxy settings, where no WebSocket passes: it finds a way that does.</summary>
public sealed class NginxPageTests
{
    [TestCase("", "sse")]
    [TestCase("proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;", "ws")]
    [TestCase("proxy_ignore_headers X-Accel-Buffering;", "longpoll")]
    public async Task It_takes_the_best_way_that_this_proxy_lets_through(string location, string way)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var nginx = await NginxProxy.StartAsync(server.HttpPort, location);
        await using var bob = await LineClient.ConnectAsync(server.RawPort);
        await bob.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From("hello") });
        await bob.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("lobby"));

        await using var ann = await OpenAsync(nginx, server, isHeldBack: way == "longpoll");
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectWayAsync(way);
        server.Connections.All.Select(connection => connection.Way).Should().BeEquivalentTo(way, "tcp");
        await ann.SayAsync("through nginx");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "through nginx", From.Name: "ann" });
        for (var i = 0; i < 5; i++)
        {
            await bob.SendAsync(ChatPeerVerbs.Say($"and back {i}"));
            await ann.ExpectMessageAsync($"and back {i}");
        }

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("and back 4");
        await ann.ExpectWayAsync(way);
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Where_streams_are_held_back_it_says_so_by_name()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var nginx = await NginxProxy.StartAsync(server.HttpPort, "proxy_ignore_headers X-Accel-Buffering;");
        await using var ann = await OpenAsync(nginx, server, isHeldBack: true);
        await ann.ExpectWayAsync("longpoll");
        await ann.Page.ClickAsync("#me");
        await Microsoft.Playwright.Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("holds streams back");
    }

    private static async Task<ChatPage> OpenAsync(NginxProxy nginx, ServerUnderTest server, bool isHeldBack)
    {
        var page = await ChatPage.OpenAsync($"http://127.0.0.1:{nginx.Port}/?name=ann&room=lobby", clock: isHeldBack);
        if (isHeldBack)
        {
            // The stream has come to the server, and nothing of it will come to the page.
            await Patience.UntilAsync(() => server.Connections.All.Any(connection => connection.Way == "sse"), "the stream at the server");
            await page.LetFirstFrameBeOverdueAsync();
        }

        return page;
    }
}
