using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The server runs in its own process, is killed or stopped, and is started again.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ServerRestartTests
{
    private int _httpPort;
    private int _rawPort;
    private Terminal _server = null!;
    private TemporaryFolder _data = null!;

    [SetUp]
    public async Task StartServer()
    {
        _data = new TemporaryFolder();
        (_httpPort, _rawPort) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        _server = await RunServerAsync();
    }

    [TearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task Page_shows_that_the_server_is_down_and_continues_after_its_restart()
    {
        await using var ann = await ChatPage.JoinAsync(_httpPort, "ann");
        await using var bob = await ChatPage.JoinAsync(_httpPort, "bob");
        await ann.SayAsync("before the crash");
        await bob.ExpectMessageAsync("before the crash");

        await _server.DisposeAsync();
        foreach (var page in (ChatPage[])[ann, bob])
        {
            await Assertions.Expect(page.Banner).ToHaveAttributeAsync("data-state", "reconnecting");
            await Assertions.Expect(page.Page.Locator("#banner-text")).ToContainTextAsync("Reconnecting");
            await Assertions.Expect(page.Banner).ToBeVisibleAsync();
        }

        await ann.SayAsync("said while it is down");
        var waiting = ann.Page.Locator("#log .message[data-state=pending]");
        await Assertions.Expect(waiting).ToContainTextAsync("waiting for the connection");

        _server = await RunServerAsync();
        foreach (var page in (ChatPage[])[ann, bob])
        {
            await page.ExpectInsideAsync("lobby");
            await Assertions.Expect(page.Banner).ToBeHiddenAsync();
            await Assertions.Expect(page.Page.Locator(".notice[data-tone=gap]")).ToHaveCountAsync(0);
        }

        // The page sends the waiting message by itself, and both pages continue.
        await bob.ExpectMessageAsync("said while it is down");
        await bob.SayAsync("welcome back");
        await ann.ExpectMessageAsync("welcome back");
        await ann.SayAsync("good to be back");
        await bob.ExpectMessageAsync("good to be back");
        await ann.ExpectMessageAsync("good to be back");
        foreach (var (page, name) in new[] { (ann, "ann"), (bob, "bob") })
        {
            var shown = await page.ReadAsync();
            shown.Select(message => message.Text).Should().Equal("before the crash", "said while it is down", "welcome back", "good to be back");
            shown.Select(message => message.Seq).Should().Equal(1, 2, 3, 4);
            await Assertions.Expect(page.Page.Locator("#my-name")).ToHaveTextAsync(name);
        }
    }

    [Test]
    public async Task Page_shows_that_the_server_stops_and_continues_after_its_restart()
    {
        await using var ann = await ChatPage.JoinAsync(_httpPort, "ann");
        await using var nat = Terminal.Run("nc", "127.0.0.1", $"{_rawPort}");
        await nat.TypeAsync("/join lobby");
        await nat.ExpectAsync("you are in #lobby");

        await _server.InterruptAsync();
        await nat.ExpectAsync("shutting down");
        await Assertions.Expect(ann.Page.Locator("#banner-text")).ToContainTextAsync("shutting down");
        (await _server.WaitForExitAsync()).Should().Be(0);
        await _server.DisposeAsync();

        _server = await RunServerAsync();
        await ann.ExpectInsideAsync("lobby");
        var (late, _) = await ChatClient.JoinAsync(_httpPort, "late");
        await using var __ = late;
        await ann.SayAsync("and on it goes");
        await late.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "and on it goes", From.Name: "ann" });
    }

    private async Task<Terminal> RunServerAsync()
    {
        var server = Terminal.Run("dotnet", "exec", InstalledTools.ServerDll, "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", "--Data:Path", _data.Path);
        await server.ExpectAsync("RawSocketChat listens on");
        return server;
    }
}
