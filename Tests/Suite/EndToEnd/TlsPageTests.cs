using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The page over TLS, with the server's development certificate. The browser opens a WebSocket as a stream of the HTTP/2 connection that
/// loaded the page (RFC 8441).
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class TlsPageTests
{
    // Chromium checks the certificate for a service worker even if it ignores other certificate errors. So the test blocks service workers.
    private static readonly BrowserNewContextOptions IgnoreCertificate = new() { IgnoreHTTPSErrors = true, ServiceWorkers = ServiceWorkerPolicy.Block };

    private ServerUnderTest _server = null!;

    private string Address => $"https://127.0.0.1:{_server.HttpPort}";

    private IEnumerable<string> Transports => _server.Connections.All.Select(connection => connection.TransportName);

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartWithTlsAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Chromium_chats_over_wss_on_HTTP_2()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", IgnoreCertificate);
        await ann.ExpectInsideAsync("lobby");
        Transports.Should().Equal("ws-h2");
        (await ann.Page.EvaluateAsync<string>("() => performance.getEntriesByType('navigation')[0].nextHopProtocol")).Should().Be("h2");

        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob&room=lobby", tls: _server.Certificate);
        await ann.SayAsync("through a stream");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "through a stream");
        Transports.Should().BeEquivalentTo("ws-h2", "ws");
        await bob.SayAsync("through a connection");
        await ann.ExpectMessageAsync("through a connection");

        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Session_cookie_is_for_TLS_only_and_resumes_the_session()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", IgnoreCertificate);
        await ann.ExpectInsideAsync("lobby");
        var cookie = (await ann.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        (cookie.Name, cookie.Secure, cookie.HttpOnly).Should().Be(("__Host-rsc_session", true, true));

        await ann.SayAsync("before");
        await ann.ExpectAllSentAsync();
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("before");
        Transports.Should().Equal("ws-h2");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Two_WebSockets_share_an_HTTP_2_connection_and_closing_one_tab_does_not_affect_the_other()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby&tabs=own", IgnoreCertificate);
        await ann.ExpectInsideAsync("lobby");
        var other = await ChatPage.OpenAsync(await ann.Page.Context.NewPageAsync(), $"{Address}/?room=lobby&tabs=own");
        await other.ExpectInsideAsync("lobby");
        _server.Connections.All.Select(connection => (connection.TransportName, connection.Remote)).Distinct().Should().ContainSingle("both are streams of one connection");
        _server.Connections.Count.Should().Be(2);

        await other.Page.CloseAsync();
        await TestWait.UntilAsync(() => _server.Connections.Count == 1, "the closed tab's WebSocket to end");
        await ann.SayAsync("still here");
        await ann.ExpectAllSentAsync();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_shows_that_the_server_is_down_after_an_orderly_stop()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", IgnoreCertificate);
        await ann.ExpectInsideAsync("lobby");
        await _server.StopAsync().OrFail("the server to stop");
        await ann.ExpectNotOnlineAsync();
    }
}
