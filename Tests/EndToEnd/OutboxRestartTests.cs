using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What is said while the server is dead.</summary>
public sealed class OutboxRestartTests
{
    private static readonly string[] SaidInAll = ["one", "two", "three", "four"];

    private int _port;
    private TemporaryFolder _data = null!;
    private ServerProcess? _server;

    [SetUp]
    public void ChooseAPort()
    {
        _port = ServerUnderTest.FreePort();
        _data = new TemporaryFolder();
    }

    [TearDown]
    public async Task StopServer()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task It_waits_for_the_server_in_a_page_that_stays_open()
    {
        await StartAsync();
        await using var ann = await ChatPage.JoinAsync(_port, "ann");
        await KillAsync(ann);
        foreach (var text in SaidInAll)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await StartAsync();
        await ExpectSaidOnceInOrderAsync(ann);
    }

    [Test]
    public async Task It_is_still_there_when_page_and_server_begin_anew()
    {
        await StartAsync();
        await using var ann = await ChatPage.JoinAsync(_port, "ann");
        await KillAsync(ann);
        foreach (var text in SaidInAll)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await ann.Page.GotoAsync("about:blank");
        await StartAsync();
        await ann.Page.GotoAsync($"http://127.0.0.1:{_port}/");
        await ExpectSaidOnceInOrderAsync(ann);
    }

    [Test]
    public async Task A_page_from_disk_shows_it_again_while_the_server_is_still_dead()
    {
        await StartAsync();
        await using var ann = await ChatPage.OpenAsync($"{new Uri(Tools.ClientHtml)}?server=127.0.0.1:{_port}&name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await KillAsync(ann);
        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await ann.ExpectPendingAsync(2);

        await ann.Page.ReloadAsync();
        await ann.ExpectPendingAsync(2);
        (await ann.ReadAsync()).Select(message => (message.Author, message.Text)).Should().Equal(("ann", "one"), ("ann", "two"));
        await ann.SayAsync("three");
        await ann.SayAsync("four");
        await ann.ExpectPendingAsync(4);

        await StartAsync();
        await ExpectSaidOnceInOrderAsync(ann);
    }

    [Test]
    public async Task Even_the_first_words_may_come_before_the_server_does()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(Tools.ClientHtml)}?server=127.0.0.1:{_port}&name=ann&room=lobby");
        foreach (var text in SaidInAll)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await StartAsync();
        await ExpectSaidOnceInOrderAsync(ann);
    }

    private async Task ExpectSaidOnceInOrderAsync(ChatPage ann)
    {
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("four");
        await ann.ExpectAllSentAsync();
        (await ann.ReadAsync()).Select(message => (message.Author, message.Text)).Should().Equal(SaidInAll.Select(text => ("ann", text)));
        var (bob, joined) = await ChatClient.JoinAsync(_port, "bob");
        await using var _ = bob;
        joined.Messages.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? ((MessageFrame)frame).Text : "").Should().Equal(SaidInAll);
    }

    private async Task StartAsync() =>
        _server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{_port}", "--RawTcp:Port", "0", "--Data:Path", _data.Path);

    private async Task KillAsync(ChatPage page)
    {
        await _server!.DisposeAsync();
        _server = null;
        await Assertions.Expect(page.Banner).ToHaveAttributeAsync("data-state", "reconnecting");
    }
}
