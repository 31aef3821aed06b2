using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page as a person uses it.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class PageTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Origins:FromDisk", "true");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Page_works_under_its_policy_without_violations_or_errors()
    {
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        var policy = await ann.Page.EvaluateAsync<string>("async () => (await fetch('/', { method: 'HEAD' }).catch(() => null))?.headers.get('content-security-policy') ?? ''");
        policy.Should().Contain("default-src 'none'").And.NotContain("unsafe");

        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.ClickAsync("#join button[type=submit]");
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("a link: https://example.org/a?b=c and a room: #lobby");
        await ann.SayAsync("/me waves");
        await ann.SayAsync("/help");
        await Assertions.Expect(ann.Page.Locator("#commands")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.ClickAsync("#theme");
        await ann.Page.ClickAsync("#toggle-people");
        await ann.Page.ClickAsync("#open-directory");
        await Assertions.Expect(ann.Page.Locator("#directory-list li")).Not.ToHaveCountAsync(0);
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("waves");

        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();

        // The policy is active: the browser does not run a script that is not the page's own, and reports the violation to the test.
        await ann.Page.EvaluateAsync("() => { const foreign = document.createElement('script'); foreign.textContent = 'window.foreign = true'; document.body.append(foreign); }");
        await ann.UntilAsync("() => window.violations.length > 0");
        (await ann.Page.EvaluateAsync<bool>("() => window.foreign === true")).Should().BeFalse();
    }

    [Test]
    public async Task Page_works_from_disk()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await ann.SayAsync("from a file");
        await bob.ExpectMessageAsync("from a file");
        await bob.SayAsync("from a server");
        await ann.ExpectMessageAsync("from a server");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_can_be_used_with_the_keyboard_alone()
    {
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        var keys = ann.Page.Keyboard;
        await Assertions.Expect(ann.Page.Locator("#name")).ToBeFocusedAsync();
        await keys.TypeAsync("ann");
        await keys.PressAsync("Tab");
        await Assertions.Expect(ann.Page.Locator("#room")).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");

        await Assertions.Expect(ann.Input).ToBeFocusedAsync();
        await keys.TypeAsync("two");
        await keys.PressAsync("Shift+Enter");
        await keys.TypeAsync("lines");
        await keys.PressAsync("Enter");
        await bob.ExpectMessageAsync("two\nlines");

        // The Tab key completes a word. If there is nothing to complete, the Tab key moves the focus.
        await keys.TypeAsync("/roo");
        await Assertions.Expect(ann.Page.Locator("#suggestions [role=option]")).ToHaveCountAsync(1);
        await keys.PressAsync("Tab");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("/rooms ");
        await keys.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#directory-filter")).ToBeFocusedAsync();
        await keys.PressAsync("Escape");
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();
        await keys.PressAsync("Tab");
        await Assertions.Expect(ann.Page.Locator("#open-emoji")).ToBeFocusedAsync();
        await keys.PressAsync("Tab");
        await Assertions.Expect(ann.Page.Locator("#send")).ToBeFocusedAsync();
    }

    [Test]
    public async Task Page_shows_the_messages_of_each_room_and_counts_unread_ones()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await Assertions.Expect(bob.Page).ToHaveTitleAsync("#lobby · RawSocketChat");
        await ann.SayAsync("read at once");
        await bob.ExpectMessageAsync("read at once");

        await bob.Page.ClickAsync("#open-directory");
        await bob.Page.FillAsync("#create-room", "kitchen");
        await bob.Page.FillAsync("#create-topic", "what is for dinner");
        await bob.Page.PressAsync("#create-topic", "Enter");
        await bob.ExpectInsideAsync("kitchen");
        await Assertions.Expect(bob.Page.Locator("#topic")).ToHaveTextAsync("what is for dinner");
        await bob.SayAsync("soup");

        await ann.SayAsync("anybody here?");
        await ann.SayAsync("bob, where are you?");
        var lobby = bob.Page.Locator("#rooms [data-room=lobby]");
        await Assertions.Expect(lobby).ToHaveAttributeAsync("data-unread", "2");
        await Assertions.Expect(lobby).ToHaveAccessibleNameAsync("lobby 2 unread, 1 for you");
        await Assertions.Expect(bob.Page).ToHaveTitleAsync("(2) #kitchen · RawSocketChat");

        await bob.Page.Keyboard.PressAsync("Alt+ArrowUp");
        await bob.ExpectInsideAsync("lobby");
        await Assertions.Expect(bob.Page).ToHaveTitleAsync("#lobby · RawSocketChat");
        await Assertions.Expect(lobby).Not.ToHaveAttributeAsync("data-unread", "2");
        await Assertions.Expect(bob.Page.Locator(".divider.new + .message")).ToContainTextAsync("anybody here?");
        (await bob.ReadAsync()).Select(message => message.Text).Should().Equal("read at once", "anybody here?", "bob, where are you?");

        await ann.SayAsync("/join kitchen");
        await ann.ExpectInsideAsync("kitchen");
        await ann.ExpectMessageAsync("soup");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("soup");
    }

    [Test]
    public async Task Page_suggests_the_right_command_for_a_typo()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.SayAsync("/jion lobby");
        var error = ann.Page.Locator(".notice[data-tone=error]");
        await Assertions.Expect(error).ToContainTextAsync("jion");
        await error.Locator(".hint").ClickAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync("/join lobby");
        (await ann.ReadAsync()).Should().BeEmpty("a typo is not a message");
    }

    [Test]
    public async Task Page_shows_markup_in_messages_as_text()
    {
        string[] said =
        [
            "<script>window.ran = 1</script>",
            "<img src=x onerror='window.ran = 2'>",
            "</textarea></div><svg onload=window.ran=3>",
            "javascript:window.ran=4 data:text/html,<script>window.ran=5</script>",
            "https://example.org/\"onmouseover=\"window.ran=6",
            "&lt;b&gt; stays as it was typed &amp;",
        ];
        const string topic = "<img src=x onerror='window.ran = 7'>";
        var (mallory, _) = await ChatClient.JoinAsync(_server.HttpPort, "mallory");
        await using var __ = mallory;
        await mallory.SendAsync(JsonSerializer.Serialize(new { type = "create", room = "trap", topic }));
        await mallory.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "trap");
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "trap");
        await Assertions.Expect(ann.Page.Locator("#topic")).ToHaveTextAsync(topic);
        foreach (var text in said)
            await mallory.SayAsync(text);
        await ann.ExpectMessageAsync(said[^1]);

        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal(said);
        (await ann.Page.Locator("#log script, #log img, #log svg:not(button *), #topic img, #log [onmouseover]").CountAsync()).Should().Be(0);
        (await ann.Page.Locator("#log a").EvaluateAllAsync<string[]>("links => links.map((link) => link.protocol)")).Should().AllBe("https:");
        (await ann.Page.EvaluateAsync<bool>("() => 'ran' in window")).Should().BeFalse();
        ann.Errors.Should().BeEmpty();
        (await ann.ViolationsAsync()).Should().BeEmpty("the page shows the markup as text, so the policy has nothing to block");
    }

    [Test]
    public async Task Message_beyond_the_rate_limit_is_marked_as_failed_and_retry_sends_it_once()
    {
        // The server's clock does not advance by itself. So the server accepts three messages, and rejects more until the test advances the clock.
        var time = new FakeTimeProvider();
        await using var strict = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Limits:MessagesPerSecond", "5", "--Limits:MessageBurst", "3");
        await using var ann = await ChatPage.JoinAsync(strict.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(strict.HttpPort, "bob");
        await using var __ = bob;

        for (var i = 1; i <= 6; i++)
            await ann.SayAsync($"fast {i}");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToHaveCountAsync(3);
        await Assertions.Expect(failed.First).ToContainTextAsync("Not sent.");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "fast 3");
        bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Text).Should().Equal("fast 1", "fast 2", "fast 3");

        for (var left = 2; left >= 0; left--)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await failed.First.Locator("[data-action=retry]").ClickAsync();
            await Assertions.Expect(failed).ToHaveCountAsync(left);
        }

        time.Advance(TimeSpan.FromSeconds(1));
        await ann.SayAsync("the end");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        var log = bob.Inbox.All.OfType<MessageFrame>().ToList();
        log.Select(message => message.Text).Should().Equal([.. Enumerable.Range(1, 6).Select(i => $"fast {i}"), "the end"]);
        await ann.ExpectMessageAsync("the end");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal(log.Select(message => message.Text));
    }
}
