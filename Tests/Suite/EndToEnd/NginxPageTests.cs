using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The page behind a real nginx. A WebSocket does not work with nginx's default proxy settings, so the page uses another transport.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class NginxPageTests
{
    [TestCase("", "sse")]
    [TestCase("proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;", "ws")]
    [TestCase("proxy_ignore_headers X-Accel-Buffering;", "longpoll")]
    public async Task Page_uses_the_best_transport_that_works_behind_the_proxy(string location, string transport)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var nginx = await NginxProxy.StartAsync(server.HttpPort, location);
        await using var bob = await LineClient.ConnectAsync(server.RawPort);
        await bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From("hello") });
        await bob.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));

        await using var ann = await OpenAsync(nginx, server, isBuffered: transport == "longpoll");
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectTransportAsync(transport);
        server.Connections.All.Select(connection => connection.TransportName).Should().BeEquivalentTo(transport, "tcp");
        await ann.SayAsync("through nginx");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "through nginx", From.Name: "ann" });
        for (var i = 0; i < 5; i++)
        {
            await bob.SendAsync(ChatPeerExtensions.Say($"and back {i}"));
            await ann.ExpectMessageAsync($"and back {i}");
        }

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("and back 4");
        await ann.ExpectTransportAsync(transport);
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Page_says_that_the_proxy_buffers_streams()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var nginx = await NginxProxy.StartAsync(server.HttpPort, "proxy_ignore_headers X-Accel-Buffering;");
        await using var ann = await OpenAsync(nginx, server, isBuffered: true);
        await ann.ExpectTransportAsync("longpoll");
        await ann.Page.ClickAsync("#me");
        await Microsoft.Playwright.Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("delays streamed responses");
    }

    private static async Task<ChatPage> OpenAsync(NginxProxy nginx, ServerUnderTest server, bool isBuffered)
    {
        var page = await ChatPage.OpenAsync($"http://127.0.0.1:{nginx.Port}/?name=ann&room=lobby", clock: isBuffered);
        if (isBuffered)
        {
            // The request has reached the server, but nothing of the response reaches the page.
            await TestWait.UntilAsync(() => server.Connections.All.Any(connection => connection.TransportName == "sse"), "the stream at the server");
            await page.PassFirstFrameTimeoutAsync();
        }

        return page;
    }
}
