using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Messages that a person writes while the server is down.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class OutboxRestartTests
{
    private static readonly string[] Texts = ["one", "two", "three", "four"];

    private int _port;
    private TemporaryFolder _data = null!;
    private ServerProcess? _server;

    [SetUp]
    public void ChoosePort()
    {
        _port = ServerUnderTest.FindFreePort();
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
    public async Task Open_page_sends_its_messages_when_the_server_is_back()
    {
        await StartAsync();
        await using var ann = await ChatPage.JoinAsync(_port, "ann");
        await KillAsync(ann);
        foreach (var text in Texts)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await StartAsync();
        await ExpectSentOnceInOrderAsync(ann);
    }

    [Test]
    public async Task Reopened_page_sends_its_messages_when_the_server_is_back()
    {
        await StartAsync();
        await using var ann = await ChatPage.JoinAsync(_port, "ann");
        await KillAsync(ann);
        foreach (var text in Texts)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await ann.Page.GotoAsync("about:blank");
        await StartAsync();
        await ann.Page.GotoAsync($"http://127.0.0.1:{_port}/");
        await ExpectSentOnceInOrderAsync(ann);
    }

    [Test]
    public async Task Reopened_page_sends_its_files_when_the_server_is_back()
    {
        await StartAsync();
        await using var ann = await ChatPage.JoinAsync(_port, "ann");
        await ann.Page.SetInputFilesAsync("#attach-files", new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "notes"u8.ToArray() });
        await Assertions.Expect(ann.Page.Locator("#tray [data-state=ready]")).ToHaveCountAsync(1);
        await KillAsync(ann);
        await ann.SayAsync("with notes");
        await ann.ExpectPendingAsync(1);
        await Assertions.Expect(ann.Page.Locator("#log [data-state=pending] .file .name")).ToHaveTextAsync("notes.txt");

        await ann.Page.GotoAsync("about:blank");
        await StartAsync();
        await ann.Page.GotoAsync($"http://127.0.0.1:{_port}/");
        await ann.ExpectMessageAsync("with notes");
        var (bob, joined) = await ChatClient.JoinAsync(_port, "bob");
        await using var _ = bob;
        var message = joined.Messages.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : null).OfType<MessageFrame>().Should().ContainSingle().Subject;
        message.Files.Should().ContainSingle().Which.Name.Should().Be("notes.txt");
    }

    [Test]
    public async Task Page_from_disk_shows_its_messages_after_a_reload_while_the_server_is_down()
    {
        await StartAsync();
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_port}&name=ann&room=lobby");
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
        await ExpectSentOnceInOrderAsync(ann);
    }

    [Test]
    public async Task Page_sends_messages_that_were_written_before_the_server_started()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_port}&name=ann&room=lobby");
        foreach (var text in Texts)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(4);

        await StartAsync();
        await ExpectSentOnceInOrderAsync(ann);
    }

    private async Task ExpectSentOnceInOrderAsync(ChatPage ann)
    {
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("four");
        await ann.ExpectAllSentAsync();
        (await ann.ReadAsync()).Select(message => (message.Author, message.Text)).Should().Equal(Texts.Select(text => ("ann", text)));
        var (bob, joined) = await ChatClient.JoinAsync(_port, "bob");
        await using var _ = bob;
        joined.Messages.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? ((MessageFrame)frame).Text : "").Should().Equal(Texts);
    }

    private async Task StartAsync() =>
        _server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{_port}", "--RawTcp:Port", "0", "--Data:Path", _data.Path, "--Origins:FromDisk", "true");

    private async Task KillAsync(ChatPage page)
    {
        await _server!.DisposeAsync();
        _server = null;
        await Assertions.Expect(page.Banner).ToHaveAttributeAsync("data-state", "reconnecting");
    }
}
