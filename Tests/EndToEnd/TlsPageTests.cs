using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page by TLS, with the server's development certificate: a real browser makes WebSockets of the connection that the page came by.</summary>
public sealed class TlsPageTests
{
    private static readonly BrowserNewContextOptions Trusting = new() { IgnoreHTTPSErrors = true };

    private ServerUnderTest _server = null!;

    private string Address => $"https://127.0.0.1:{_server.HttpPort}";

    private IEnumerable<string> Ways => _server.Connections.All.Select(connection => connection.Way);

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartWithTlsAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Chromium_chats_over_wss_on_HTTP_2()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", Trusting);
        await ann.ExpectInsideAsync("lobby");
        Ways.Should().Equal("ws-h2");
        (await ann.Page.EvaluateAsync<string>("() => performance.getEntriesByType('navigation')[0].nextHopProtocol")).Should().Be("h2");

        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob&room=lobby", tls: _server.Certificate);
        await ann.SayAsync("through a stream");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "through a stream");
        Ways.Should().BeEquivalentTo("ws-h2", "ws");
        await bob.SayAsync("through a connection");
        await ann.ExpectMessageAsync("through a connection");

        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Faults.Should().BeEmpty();
    }

    [Test]
    public async Task The_session_is_in_a_cookie_of_TLS_and_is_taken_up_again()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", Trusting);
        await ann.ExpectInsideAsync("lobby");
        var cookie = (await ann.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        (cookie.Name, cookie.Secure, cookie.HttpOnly).Should().Be(("__Host-rsc_session", true, true));

        await ann.SayAsync("before");
        await ann.ExpectAllSentAsync();
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("before");
        Ways.Should().Equal("ws-h2");
        ann.Faults.Should().BeEmpty();
    }

    [Test]
    public async Task Two_tabs_of_a_browser_share_the_connection_and_one_that_closes_leaves_the_other()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", Trusting);
        await ann.ExpectInsideAsync("lobby");
        var other = await ChatPage.OpenAsync(await ann.Page.Context.NewPageAsync(), $"{Address}/?room=lobby");
        await other.ExpectInsideAsync("lobby");
        _server.Connections.All.Select(connection => (connection.Way, connection.Remote)).Distinct().Should().ContainSingle("both are streams of one connection");
        _server.Connections.Count.Should().Be(2);

        await other.Page.CloseAsync();
        await Patience.UntilAsync(() => _server.Connections.Count == 1, "the end of the closed tab's");
        await ann.SayAsync("still here");
        await ann.ExpectAllSentAsync();
        ann.Faults.Should().BeEmpty();
    }

    [Test]
    public async Task A_server_that_goes_down_is_told_of_and_ends_in_order()
    {
        await using var ann = await ChatPage.OpenAsync($"{Address}/?name=ann&room=lobby", Trusting);
        await ann.ExpectInsideAsync("lobby");
        await _server.StopAsync().OrFail("the server's orderly end");
        await ann.ExpectNotOnlineAsync();
    }
}
