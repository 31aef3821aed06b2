using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// What a person sees and can reach: the buttons of a message, the switcher, the settings, marks in texts, the list of rooms and a new room.
/// The tests share one server. Each test has pages of its own.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class LookTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Web:Name", "Harbour", "--Web:Color", "#1f6feb");
        var (owner, _) = await ChatClient.JoinAsync(_server.HttpPort, "owner");
        await using var __ = owner;
        foreach (var room in (string[])["tools", "marks", "switch", "settings", "groups", "start", "marked", "touch", "narrow"])
        {
            await owner.SendAsync($"/create {room}");
            await owner.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == room);
        }
    }

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Message_under_the_pointer_has_buttons_to_react_and_to_reply_and_to_edit()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "tools");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob", "tools");
        await bob.SayAsync("lunch?");
        await bob.SayAsync("at noon?");
        await ann.ExpectMessageAsync("at noon?");
        await ann.Messages.First.HoverAsync();
        await ann.Messages.First.Locator("[data-action=quick]").First.ClickAsync();
        await Assertions.Expect(bob.Messages.First.Locator(".chip")).ToHaveTextAsync("👍 1");
        await ann.Messages.Last.HoverAsync();
        await Assertions.Expect(ann.Page.Locator("#log [data-action=quick]")).ToHaveCountAsync(3);
        await ann.Messages.Last.Locator("[data-action=reply]").ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#composing-words")).ToHaveTextAsync("Replying to bob");
        await Assertions.Expect(ann.Page.Locator("#composing-quote")).ToHaveTextAsync("at noon?");
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();
        await ann.SayAsync("yes");
        await Assertions.Expect(bob.Messages.Last.Locator(".quote")).ToContainTextAsync("at noon?");

        // Only an own message has the button to edit.
        var edit = ann.Page.Locator("#log [data-action=edit]");
        await ann.ExpectAllSentAsync();
        await ann.Messages.First.HoverAsync();
        await Assertions.Expect(edit).ToBeHiddenAsync();
        await ann.Messages.Last.HoverAsync();
        await edit.ClickAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync("yes");
        await ann.SayAsync("yes, please");
        await Assertions.Expect(bob.Messages.Last.Locator(".text")).ToContainTextAsync("yes, please");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_formats_text_with_marks_and_does_not_change_the_text()
    {
        const string text = "**bold** _italic_ ~~gone~~ @ann\n- one\n- two\n> quoted\n```\nlet a = 1;\n```\nand ||secret||";
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "marks");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob", "marks");
        await bob.Input.FillAsync(text);
        await bob.Input.PressAsync("Enter");
        await Assertions.Expect(ann.Messages).ToHaveCountAsync(1);
        (await ann.ReadAsync()).Single().Text.Should().Be(text);
        var shown = ann.Messages.Locator(".text");
        await Assertions.Expect(shown.Locator("strong")).ToHaveTextAsync("**bold**");
        (await shown.Locator("strong").InnerTextAsync()).Should().Be("bold", "the page hides the asterisks");
        await Assertions.Expect(shown.Locator("li")).ToHaveCountAsync(2);
        await Assertions.Expect(shown.Locator("blockquote, em, s")).ToHaveCountAsync(3);
        await Assertions.Expect(shown.Locator(".name-chip[data-self]")).ToHaveTextAsync("@ann");

        await Assertions.Expect(shown.Locator(".spoiler [inert]")).ToBeHiddenAsync();
        await shown.Locator("[data-action=spoiler]").ClickAsync();
        await Assertions.Expect(shown.Locator(".spoiler")).ToContainTextAsync("secret");
        await Assertions.Expect(shown.Locator(".spoiler [inert]")).ToHaveCountAsync(0);

        await shown.Locator(".code").HoverAsync();
        await shown.Locator("[data-action=copy]").ClickAsync();
        await Assertions.Expect(shown.Locator("[data-action=copy]")).ToHaveAccessibleNameAsync("Copied");
        await ann.Input.FocusAsync();
        await ann.Page.Keyboard.PressAsync("Control+V");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("let a = 1;");
        ann.Errors.Should().BeEmpty();
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Keyboard_alone_opens_a_room_or_a_person_or_a_message_in_the_switcher()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "switch");
        await using var zoe = await ChatPage.JoinAsync(_server.HttpPort, "zoe", "switch");
        await zoe.SayAsync("the umbrella is in the hall");
        await ann.ExpectMessageAsync("umbrella");
        await ann.SayAsync("/create elsewhere");
        await ann.ExpectInsideAsync("elsewhere");
        var keys = ann.Page.Keyboard;

        await keys.PressAsync("Control+K");
        await Assertions.Expect(ann.Page.Locator("#switcher-query")).ToBeFocusedAsync();
        await keys.TypeAsync("swi");
        await Assertions.Expect(ann.Page.Locator("#switcher-list [aria-selected=true]")).ToContainTextAsync("switch");
        await keys.PressAsync("Enter");
        await ann.ExpectInsideAsync("switch");

        await keys.PressAsync("Control+K");
        await keys.TypeAsync("umbrella");
        await Assertions.Expect(ann.Page.Locator("#switcher-list [data-kind=message]")).ToContainTextAsync("the umbrella is in the hall");
        await keys.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#log .message[data-jumped]")).ToContainTextAsync("umbrella");

        await keys.PressAsync("Control+K");
        await keys.TypeAsync("@zo");
        await keys.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#room-name")).ToHaveTextAsync("zoe");
        await keys.PressAsync("Control+K");
        await keys.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#switcher")).ToBeHiddenAsync();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Settings_change_the_appearance_and_survive_a_reload()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "settings", new() { Locale = "en-GB" });
        await ann.SayAsync("what time is it?");
        await ann.ExpectMessageAsync("what time is it?");
        (await ann.Page.Locator("#log .byline time").InnerTextAsync()).Should().MatchRegex("^[0-9]{1,2}:[0-9]{2}$");
        await ann.Page.Keyboard.PressAsync("Control+/");
        await Assertions.Expect(ann.Page.Locator("#key-list")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("ArrowUp");
        await Assertions.Expect(ann.Page.Locator("#tab-connection")).ToBeFocusedAsync();
        await ann.Page.ClickAsync("#tab-look");
        await ann.Page.CheckAsync("input[name=theme][value=dark]", new() { Force = true });
        await ann.Page.CheckAsync("input[name=density][value=compact]", new() { Force = true });
        await ann.Page.CheckAsync("input[name=clock][value='12']", new() { Force = true });
        await ExpectSettingsAsync();
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("settings");
        await ann.ExpectMessageAsync("what time is it?");
        await ExpectSettingsAsync();

        async Task ExpectSettingsAsync()
        {
            await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
            await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("data-density", "compact");
            await Assertions.Expect(ann.Page.Locator("#log .byline time")).ToContainTextAsync("m");
        }
    }

    [Test]
    public async Task Rooms_are_in_groups_and_a_favourite_is_remembered()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "groups");
        await ann.SayAsync("/create groups-a");
        await ann.ExpectInsideAsync("groups-a");
        await ann.SayAsync("/create groups-b");
        await ann.ExpectInsideAsync("groups-b");
        await ann.Page.ClickAsync("#open-room-menu");
        await ann.Page.ClickAsync("#menu-items [data-item=favourite]");
        await Assertions.Expect(ann.Page.Locator("#favourite-list [data-room=groups-b]")).ToBeVisibleAsync();
        (await RoomsInAsync("favourite-list")).Should().Equal("groups-b");
        (await RoomsInAsync("room-list")).Should().Equal("groups", "groups-a");

        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob", "groups");
        await bob.SayAsync("hello");
        await Assertions.Expect(ann.Page.Locator("#unread-list [data-room=groups]")).ToHaveAttributeAsync("data-unread", "1");
        await Assertions.Expect(ann.Page.Locator("#favicon")).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("circle"));
        await ann.Page.Keyboard.PressAsync("Alt+Shift+ArrowDown");
        await ann.ExpectInsideAsync("groups");
        await Assertions.Expect(ann.Page.Locator("#room-list [data-room=groups]")).ToBeVisibleAsync();
        await Assertions.Expect(ann.Page.Locator("#favicon")).Not.ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("circle"));

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("groups");
        await Assertions.Expect(ann.Page.Locator("#favourite-list [data-room=groups-b]")).ToBeVisibleAsync();

        Task<string[]> RoomsInAsync(string list) => ann.Page.Locator($"#{list} .room").EvaluateAllAsync<string[]>("rooms => rooms.map((room) => room.dataset.room)");
    }

    [Test]
    public async Task New_room_shows_a_link_for_others()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "start");
        await ann.SayAsync("/create orchard apples and pears");
        await ann.ExpectInsideAsync("orchard");
        var card = ann.Page.Locator("#log .new-room");
        await Assertions.Expect(card).ToContainTextAsync("apples and pears");
        await Assertions.Expect(card.Locator("#invitation")).ToHaveValueAsync($"http://127.0.0.1:{_server.HttpPort}/?room=orchard");
        await card.Locator("[data-action=copy-link]").ClickAsync();
        await Assertions.Expect(card.Locator("[data-action=copy-link]")).ToContainTextAsync("Copied");
        await card.Locator("[data-action=invite]").ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#form-title")).ToContainTextAsync("#orchard");
        await ann.Page.ClickAsync("#form-no");
        await ann.SayAsync("the first word");
        await ann.ExpectMessageAsync("the first word");
        await Assertions.Expect(card).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Mark_of_new_messages_survives_a_reload_and_a_button_goes_to_it()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "marked");
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await bob.SendAsync(JsonSerializer.Serialize(new { type = "join", room = "marked" }));
        await bob.SendAsync(JsonSerializer.Serialize(new { type = "say", room = "marked", text = "before" }));
        await ann.ExpectMessageAsync("before");
        await ann.SayAsync("/create away");
        await ann.ExpectInsideAsync("away");
        for (var i = 1; i <= 120; i++)
            await bob.SendAsync(JsonSerializer.Serialize(new { type = "say", room = "marked", text = $"while away {i}" }));
        await Assertions.Expect(ann.Page.Locator("#rooms [data-room=marked]")).ToHaveAttributeAsync("data-unread", "120");
        await ann.Page.ClickAsync("#rooms [data-room=marked]");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("while away 120");
        await Assertions.Expect(ann.Page.Locator("#rooms [data-room=marked]")).Not.ToHaveAttributeAsync("data-unread", "120");
        await ann.UntilAsync("() => Object.values(sessionStorage).some((value) => value.includes('\"marks\"'))");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("marked");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        await ann.Page.ClickAsync("#first-unread");
        await Assertions.Expect(ann.Page.Locator(".divider.new")).ToBeInViewportAsync();
        await Assertions.Expect(ann.Page.Locator(".divider.new + .message")).ToContainTextAsync("while away 1");
        await Assertions.Expect(ann.Page.Locator("#first-unread")).ToBeHiddenAsync();
        await ann.Page.ClickAsync("#newest");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("while away 120");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Entrance_has_the_name_and_the_color_of_the_site_and_its_public_rooms()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "lobby");
        await using var guest = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await Assertions.Expect(guest.Page.Locator("#entrance-name")).ToHaveTextAsync("Harbour");
        await Assertions.Expect(guest.Page).ToHaveTitleAsync("Harbour");
        await guest.UntilAsync("() => getComputedStyle(document.querySelector('#join-go')).backgroundColor !== 'rgb(161, 67, 13)'");
        await guest.Page.ClickAsync("#open-room-list [data-room=lobby]");
        await Assertions.Expect(guest.Page.Locator("#room")).ToHaveValueAsync("lobby");
        await Assertions.Expect(guest.Page.Locator("#name")).ToBeFocusedAsync();
        await guest.Page.Keyboard.TypeAsync("gus");
        await guest.Page.Keyboard.PressAsync("Enter");
        await guest.ExpectInsideAsync("lobby");
        await Assertions.Expect(guest.Page).ToHaveTitleAsync("#lobby · Harbour");
        (await guest.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Buttons_on_a_phone_are_at_least_44_pixels_high()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "touch", new() { ViewportSize = new() { Width = 375, Height = 812 }, HasTouch = true, IsMobile = true });
        await ann.SayAsync("a message");
        await ann.ExpectMessageAsync("a message");
        await ExpectLargeAsync("#head button, #composer button, #log .tools button:not([hidden])");
        await ann.Page.TapAsync("#open-room-menu");
        await ExpectLargeAsync("#menu button");
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.TapAsync("#open-rail");
        await ExpectLargeAsync("#rail button");
        await ann.Page.TapAsync("#me");
        foreach (var tab in new[] { "look", "alerts", "connection", "keys", "person" })
        {
            await ann.Page.TapAsync($"#tab-{tab}");
            await ExpectLargeAsync("#account button, #account .choices span");
        }

        async Task ExpectLargeAsync(string selector) =>
            (await ann.Page.Locator(selector).EvaluateAllAsync<string[]>("nodes => nodes.filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44).map((node) => `${node.id || node.textContent || node.className} ${node.getBoundingClientRect().height}`)"))
                .Should().BeEmpty();
    }

    [TestCase(320)]
    [TestCase(640)] // half of 1280: zoom 200 %
    public async Task Page_needs_no_horizontal_scrolling(int width)
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "narrow", new() { ViewportSize = new() { Width = width, Height = 480 } });
        await ann.SayAsync("a `longwordwithoutanybreak` and " + new string('x', 200));
        await ann.ExpectMessageAsync("longword");
        await ExpectFitAsync("the room");
        await ann.Page.Keyboard.PressAsync("Control+K");
        await ExpectFitAsync("the switcher");
        await ann.Page.Keyboard.PressAsync("Escape");
        foreach (var tab in new[] { "Account", "Look", "Notifications", "Connection", "Keyboard" })
        {
            await ann.Page.Keyboard.PressAsync("Control+/");
            await ann.Page.GetByRole(AriaRole.Tab, new() { Name = tab }).ClickAsync();
            await ExpectFitAsync(tab);
            await ann.Page.Keyboard.PressAsync("Escape");
        }

        async Task ExpectFitAsync(string what) =>
            (await ann.Page.EvaluateAsync<string[]>("""
                () => [document.documentElement, document.querySelector('#log'), document.querySelector('#settings-panels'), ...document.querySelectorAll('dialog[open]')]
                  .filter((node) => node.scrollWidth > node.clientWidth).map((node) => `${node.id || node.localName}: ${node.scrollWidth} in ${node.clientWidth}`)
                """)).Should().BeEmpty($"{what} fits {width} pixels");
    }
}
