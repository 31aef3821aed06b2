using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The server as an operator runs it, as a process of its own, killed and started again.</summary>
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
        (_httpPort, _rawPort) = (ServerUnderTest.FreePort(), ServerUnderTest.FreePort());
        _server = await RunServerAsync();
    }

    [TearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task A_killed_server_is_told_of_waited_for_and_gone_on_with()
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

        await ann.SayAsync("said into the void");
        var waiting = ann.Page.Locator("#log .message[data-state=pending]");
        await Assertions.Expect(waiting).ToContainTextAsync("waits for the connection");

        _server = await RunServerAsync();
        foreach (var page in (ChatPage[])[ann, bob])
        {
            await page.ExpectInsideAsync("lobby");
            await Assertions.Expect(page.Banner).ToBeHiddenAsync();
            await Assertions.Expect(page.Page.Locator(".notice[data-tone=gap]")).ToHaveCountAsync(0);
        }

        // What was kept goes out by itself, and both go on as if they had never been apart.
        await bob.ExpectMessageAsync("said into the void");
        await bob.SayAsync("welcome back");
        await ann.ExpectMessageAsync("welcome back");
        await ann.SayAsync("good to be back");
        await bob.ExpectMessageAsync("good to be back");
        await ann.ExpectMessageAsync("good to be back");
        foreach (var (page, name) in new[] { (ann, "ann"), (bob, "bob") })
        {
            var shown = await page.ReadAsync();
            shown.Select(message => message.Text).Should().Equal("before the crash", "said into the void", "welcome back", "good to be back");
            shown.Select(message => message.Seq).Should().Equal(1, 2, 3, 4);
            await Assertions.Expect(page.Page.Locator("#my-name")).ToHaveTextAsync(name);
        }
    }

    [Test]
    public async Task A_server_that_stops_in_order_says_so_and_is_waited_for()
    {
        await using var ann = await ChatPage.JoinAsync(_httpPort, "ann");
        await using var nat = Terminal.Run("nc", "127.0.0.1", $"{_rawPort}");
        await nat.TypeAsync("/join lobby");
        await nat.ExpectAsync("you are in #lobby");

        await _server.InterruptAsync();
        await nat.ExpectAsync("going down");
        await Assertions.Expect(ann.Page.Locator("#banner-text")).ToContainTextAsync("going down");
        (await _server.ExitAsync()).Should().Be(0);
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
        var server = Terminal.Run("dotnet", "exec", Tools.ServerDll, "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", "--Data:Path", _data.Path);
        await server.ExpectAsync("RawSocketChat listens on");
        return server;
    }
}
