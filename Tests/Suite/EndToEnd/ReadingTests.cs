using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>How the page shows code, replies and suggestions, and where it puts the focus.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ReadingTests
{
    private const int PageOfHistory = 50;

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Page_formats_code_and_does_not_change_the_text()
    {
        string[] said =
        [
            "use `git log #lobby https://example.org` for that",
            "before\n```js\nj = 1; // `inner`\n  indented\n```\nafter",
            "```one line```",
            "one ` alone, `` none, ```and this is never closed",
            "``````",
        ];
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        foreach (var text in said)
            await ann.SayAsync(text);
        await ann.ExpectMessageAsync(said[^1]);

        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal(said);
        (await ann.Page.Locator("#log code").AllInnerTextsAsync()).Should().Equal(
            "git log #lobby https://example.org", "j = 1; // `inner`\n  indented", "one line");
        (await ann.Page.Locator("#log code.block").CountAsync()).Should().Be(2);
        (await ann.Page.Locator("#log .text a, #log .text .roomlink").CountAsync()).Should().Be(0, "the page makes no links in code");
        (await ann.Page.Locator("#log .text").Nth(1).InnerTextAsync()).Should().Be("before\nj = 1; // `inner`\n  indented\nafter", "a fence leaves no empty line");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Reply_shows_the_message_that_it_answers()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        for (var i = 1; i < PageOfHistory; i++)
            await bob.SayAsync($"before {i}");
        var asked = await bob.SayAsync("who has the keys?");
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.SayAsync($"/reply {asked.Seq} I have");
        await ann.ExpectMessageAsync("I have");
        await Assertions.Expect(ann.Page.Locator("#log .quote")).ToHaveTextAsync("in reply to bob: who has the keys?");

        // The quote of a message with code contains no backticks.
        var code = await bob.SayAsync("```\nlet keys = 0\n```");
        await ann.SayAsync($"/reply {code.Seq} that is none");
        await ann.ExpectMessageAsync("that is none");
        await Assertions.Expect(ann.Page.Locator("#log .quote").Last).ToHaveTextAsync("in reply to bob: let keys = 0");

        // After the reload, the answered message is not in the log. The page requests this message from the server.
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("/reply 1 indeed");
        await ann.ExpectMessageAsync("indeed");
        await Assertions.Expect(ann.Page.Locator("#log .quote").Last).ToHaveTextAsync("in reply to bob: before 1");

        // The quote of a deleted message loses its text.
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Seq = 1, Id = FrameId.From("d") });
        await Assertions.Expect(ann.Page.Locator("#log .quote").Last).ToHaveTextAsync("in reply to bob: deleted");
    }

    [Test]
    public async Task Input_has_the_focus_after_creating_a_room_and_after_a_click_on_the_reconnect_button()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Page.ClickAsync("#open-directory");
        await ann.Page.FillAsync("#create-room", "kitchen");
        await ann.Page.PressAsync("#create-room", "Enter");
        await ann.ExpectInsideAsync("kitchen");
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();

        await _server.StopAsync();
        await ann.Page.Locator("#banner-now").ClickAsync();
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();
    }

    [Test]
    public async Task Suggestion_shows_the_usage_of_a_command_and_the_Tab_key_completes_the_command()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Input.PressSequentiallyAsync("/hist");
        await Assertions.Expect(ann.Page.Locator("#suggestions [role=option]")).ToHaveTextAsync("/history [room] [limit]shows the newest messages");
        await ann.Page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("/history ");
    }

    [Test]
    public async Task Lab_fits_a_phone()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", options: new() { ViewportSize = new() { Width = 375, Height = 640 } });
        await ann.Page.ClickAsync("#open-rail");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab tbody tr").First).ToBeVisibleAsync();

        // When the lab is scrolled, the introduction moves out of view and the results have the whole height. The button stays visible.
        await ann.Page.EvaluateAsync("() => { document.querySelector('#lab').scrollTop = 10_000; }");
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToBeInViewportAsync();
        (await ann.Page.EvaluateAsync<bool>("() => { const lab = document.querySelector('#lab'); return lab.scrollTop > 0 && lab.scrollWidth <= lab.clientWidth; }")).Should().BeTrue();
        // The table is wider than the page, and can be scrolled separately. The first column with the name of the transport stays visible.
        (await ann.Page.EvaluateAsync<bool>("() => { const wide = document.querySelector('#lab .wide'); wide.scrollLeft = 200; return wide.scrollLeft > 0; }")).Should().BeTrue();
        (await ann.Page.EvaluateAsync<bool>("() => document.querySelector('#lab tbody th').getBoundingClientRect().left === document.querySelector('#lab .wide').getBoundingClientRect().left")).Should().BeTrue();
    }
}
