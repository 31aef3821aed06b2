using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The menus of people and rooms, direct rooms, the level of notification, the jump to a quoted message, and hostile texts in all of them.
/// The tests share one server and ann's page. Each test has a room of its own.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class RoomMenuTests
{
    /// <summary>Markup, a character that reverses the text after it, and a word of 64 characters.</summary>
    private static readonly string Hostile = $"<hostile-element onclick=\"hacked = 1\">\u202Egpj.exe</hostile-element><img src=x onerror=\"hacked = 1\"> {new string('W', 64)}";

    private static readonly string HostileName = $"{Hostile}M";

    private ServerUnderTest _server = null!;
    private ChatPage _ann = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Invitation_suggests_the_names_of_people_in_other_rooms()
    {
        await CreateRoomAsync(_ann, "orchard");
        var (tom, _) = await ChatClient.JoinAsync(_server.HttpPort, "tom", "orchard");
        await using var __ = tom;
        await Assertions.Expect(_ann.Page.Locator("#members [data-name=tom]")).ToBeVisibleAsync();
        await CreateRoomAsync(_ann, "cellar");
        await _ann.Page.ClickAsync("#open-room-menu");
        await _ann.Page.ClickAsync("#menu-items [data-item=invite]");
        var field = _ann.Page.Locator("#form-text");
        var names = await field.EvaluateAsync<string[]>("(field) => [...field.list.options].map(({ value }) => value)");
        names.Should().Contain("tom").And.NotContain("ann");
        await field.FillAsync("tom");
        await AccessibilityTests.ExpectCleanAsync(_ann, "the invitation");
        await _ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(_ann.Notices.Last).ToContainTextAsync("You invited tom to #cellar.");
        (await tom.Inbox.ExpectAsync<InvitedFrame>()).Room.Should().Be("cellar");

        await _ann.Page.ClickAsync("#open-room-menu");
        await _ann.Page.ClickAsync("#menu-items [data-item=topic]");
        (await field.GetAttributeAsync("list")).Should().BeNull("a topic is no name");
        await _ann.Page.Keyboard.PressAsync("Escape");
    }

    [Test]
    public async Task Menu_of_a_room_shows_its_whole_topic()
    {
        await GoToAsync(_ann, "lobby");
        await Assertions.Expect(_ann.Page.Locator("#topic")).ToHaveTextAsync("Say hello");
        await _ann.Page.ClickAsync("#open-room-menu");
        await Assertions.Expect(_ann.Page.Locator("#menu-words")).ToContainTextAsync("Say hello");
        await _ann.Page.Keyboard.PressAsync("Escape");
    }

    [Test]
    public async Task Owner_bans_a_person_and_deletes_the_messages_of_the_person()
    {
        await CreateRoomAsync(_ann, "spam");
        var (eve, _) = await ChatClient.JoinAsync(_server.HttpPort, "eve", "spam");
        await using var __ = eve;
        for (var i = 1; i <= 3; i++)
            await eve.SayAsync($"cheap watches {i}", room: "spam");
        await _ann.SayAsync("please stop");
        await Assertions.Expect(_ann.Messages).ToHaveCountAsync(4);

        await _ann.Page.ClickAsync("#members [data-name=eve]");
        await _ann.Page.ClickAsync("#menu-items [data-item=kick]");
        await Assertions.Expect(_ann.Page.Locator("#form-check-field")).ToBeHiddenAsync();
        await _ann.Page.Keyboard.PressAsync("Escape");
        await _ann.Page.ClickAsync("#members [data-name=eve]");
        await _ann.Page.ClickAsync("#menu-items [data-item=ban]");
        await Assertions.Expect(_ann.Page.Locator("#form-check")).Not.ToBeCheckedAsync();
        await _ann.Page.GetByLabel("Also delete the 3 newest messages").CheckAsync();
        await AccessibilityTests.ExpectCleanAsync(_ann, "the question before a ban");
        await _ann.Page.ClickAsync("#form-yes");

        await Assertions.Expect(_ann.Notices.Last).ToContainTextAsync("3 messages of eve were deleted.");
        await Assertions.Expect(_ann.Messages.Filter(new() { HasText = "This message was deleted." })).ToHaveCountAsync(3);
        await Assertions.Expect(_ann.Page.Locator("#log")).Not.ToContainTextAsync("cheap watches");
        await Assertions.Expect(_ann.Messages.Filter(new() { HasText = "please stop" })).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Owner_mutes_and_removes_a_person_and_closes_the_room_from_the_menus()
    {
        await CreateRoomAsync(_ann, "quiet");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob", "quiet");

        var member = _ann.Page.Locator("#members [data-action=person]").Filter(new() { HasText = "bob" });
        await member.FocusAsync();
        await _ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(_ann.Page.Locator("#menu-items [data-item=message]")).ToBeFocusedAsync();
        await _ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(member).ToBeFocusedAsync();
        await _ann.Page.Keyboard.PressAsync("Enter");
        await _ann.Page.Keyboard.PressAsync("m"); // moves to Mention
        await _ann.Page.Keyboard.PressAsync("End");
        await Assertions.Expect(_ann.Page.Locator("#menu-items [data-item=ban]")).ToBeFocusedAsync();

        await _ann.Page.ClickAsync("#menu-items [data-item=mute]");
        await _ann.Page.SelectOptionAsync("#form-choice", "3600");
        await _ann.Page.FillAsync("#form-text", "please calm down");
        await _ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(_ann.Page.Locator("#form")).ToBeHiddenAsync();
        await Assertions.Expect(_ann.Notices.Last).ToContainTextAsync("ann muted bob for 1 hour: please calm down");
        await Assertions.Expect(bob.Notices.Last).ToContainTextAsync("ann muted you for 1 hour: please calm down");

        // A member can only write to the owner or mention the owner.
        await bob.Page.Locator("#members [data-action=person]").Filter(new() { HasText = "ann" }).ClickAsync();
        (await bob.Page.Locator("#menu-items [data-item]").AllInnerTextsAsync()).Should().Equal("Message", "Mention");
        await bob.Page.Keyboard.PressAsync("Escape");

        // A removed person sees why, and can come back.
        await bob.SayAsync("/join lobby");
        await bob.ExpectInsideAsync("lobby");
        await GoToAsync(bob, "quiet");
        await _ann.Page.Locator("#log [data-action=person]").Filter(new() { HasText = "bob" }).First.ClickAsync();
        await _ann.Page.ClickAsync("#menu-items [data-item=kick]");
        await _ann.Page.FillAsync("#form-text", "enough for today");
        await _ann.Page.ClickAsync("#form-yes");
        await Assertions.Expect(bob.Notices.Filter(new() { HasText = "ann removed you: enough for today" })).ToHaveAttributeAsync("data-tone", "error");
        await Assertions.Expect(bob.Notices.Last).ToContainTextAsync("You are no longer in this room");
        await ScreenshotAsync(bob, "removed");
        await bob.Page.ClickAsync("#log [data-action=rejoin]");
        await Assertions.Expect(bob.Page.Locator("#log [data-action=rejoin]")).ToHaveCountAsync(0);

        // The owner closes the room from its menu. The room disappears from bob's list, and bob sees who closed it.
        await _ann.Page.ClickAsync("#open-room-menu");
        await _ann.Page.ClickAsync("#menu-items [data-item=close]");
        await ScreenshotAsync(_ann, "close");
        await _ann.Page.ClickAsync("#form-yes");
        await Assertions.Expect(bob.Page.Locator("#rooms .room")).ToHaveCountAsync(1);
        await bob.ExpectInsideAsync("lobby");
        await Assertions.Expect(bob.Notices.Last).ToContainTextAsync("ann closed #quiet.");
        await Assertions.Expect(_ann.Page.Locator("#form")).ToBeHiddenAsync();
        await Assertions.Expect(_ann.Notices.Last).ToContainTextAsync("You closed #quiet.");
        await bob.Page.ClickAsync("#me");
        await ScreenshotAsync(bob, "account");
        _ann.Errors.Should().BeEmpty();
        bob.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Message_to_a_person_opens_a_direct_room_under_the_name_of_the_person()
    {
        await GoToAsync(_ann, "lobby");
        await using var carl = await ChatPage.JoinAsync(_server.HttpPort, "carl");
        await _ann.Page.Locator("#members [data-action=person]").Filter(new() { HasText = "carl" }).ClickAsync();
        await _ann.Page.ClickAsync("#menu-items [data-item=message]");
        await Assertions.Expect(_ann.Page.Locator("#room-name")).ToHaveTextAsync("carl");
        (await _ann.Page.Locator("#direct-list .name").AllInnerTextsAsync()).Should().Equal("carl");
        await Assertions.Expect(_ann.Page).ToHaveTitleAsync(new Regex("carl · RawSocketChat$"));

        // The room also appears in the list of the other person.
        var direct = carl.Page.Locator("#direct-list .room").Filter(new() { HasText = "ann" });
        await Assertions.Expect(direct).ToHaveCountAsync(1);
        await _ann.SayAsync("only for you");
        await Assertions.Expect(direct).ToHaveAttributeAsync("data-unread", "1");
        await direct.ClickAsync();
        await carl.ExpectMessageAsync("only for you");
        await Assertions.Expect(carl.Page.Locator("#room-name")).ToHaveTextAsync("ann");
        foreach (var page in new[] { _ann, carl })
            (await page.Page.Locator("#app").InnerTextAsync()).Should().NotContain("dm-", "no part of the page shows the technical name");
        carl.Errors.Should().BeEmpty();

        // The server forgets the name of a guest who has left. The page keeps the name.
        await carl.Page.CloseAsync();
        await Assertions.Expect(_ann.Page.Locator("#member-count")).ToHaveTextAsync("1");
        await _ann.Page.ReloadAsync();
        await _ann.ExpectOnlineAsync();
        await Assertions.Expect(_ann.Page.Locator("#room-name")).ToHaveTextAsync("carl");
        await Assertions.Expect(_ann.Page.Locator("#member-count")).ToHaveTextAsync("1");
        (await _ann.Page.Locator("#direct-list .name").AllInnerTextsAsync()).Should().Equal("carl");
    }

    [Test]
    public async Task Notification_level_nothing_hides_the_badge_before_and_after_a_reload()
    {
        await using var bob = await ChatPeerAsync("ben");
        await CreateRoomAsync(_ann, "noise");
        await bob.RequestAsync<JoinedFrame>(Join("noise"));
        await GoToAsync(_ann, "lobby");
        var room = _ann.Page.Locator("#rooms [data-room=noise]");
        await bob.SayAsync("one", room: "noise");
        await Assertions.Expect(room).ToHaveAttributeAsync("data-unread", "1");
        await Assertions.Expect(_ann.Page).ToHaveTitleAsync(new Regex(@"^\(.+\) #lobby · RawSocketChat$"));

        await room.ClickAsync(new() { Button = MouseButton.Right });
        await Assertions.Expect(_ann.Page.Locator("#menu-items [aria-checked=true]")).ToHaveTextAsync("Notifications: every message");
        await _ann.Page.ClickAsync("#menu-items [data-item=none]");
        await ExpectNoBadgeAsync();
        await Assertions.Expect(room.Locator(".level svg")).ToBeVisibleAsync();
        await Assertions.Expect(room).ToHaveAccessibleNameAsync("noise Notifications: none");
        await bob.SayAsync("two, @ann", room: "noise");
        await bob.SayAsync("a sign", room: "lobby");
        await _ann.ExpectMessageAsync("a sign");
        await ExpectNoBadgeAsync();

        await _ann.Page.ReloadAsync();
        await _ann.ExpectInsideAsync("lobby");
        await ExpectNoBadgeAsync();
        await room.ClickAsync(new() { Button = MouseButton.Right });
        await _ann.Page.ClickAsync("#menu-items [data-item=mentions]");
        await Assertions.Expect(room).ToHaveAttributeAsync("data-unread", "1");
        await Assertions.Expect(room.Locator(".level")).ToHaveTextAsync("@");
        await Assertions.Expect(room).ToHaveAccessibleNameAsync("noise 1 unread, 1 for you, Notifications: mentions only");
        await AccessibilityTests.ExpectCleanAsync(_ann, "the list of rooms with a level");

        async Task ExpectNoBadgeAsync()
        {
            await Assertions.Expect(room).Not.ToHaveAttributeAsync("data-unread", new Regex("."));
            await Assertions.Expect(room.Locator(".badge")).ToBeHiddenAsync();
            await Assertions.Expect(_ann.Page).ToHaveTitleAsync("#lobby · RawSocketChat");
        }
    }

    [Test]
    public async Task Click_on_a_quote_shows_the_quoted_message_even_if_the_page_has_not_loaded_it()
    {
        await using var dave = await ChatPeerAsync("dave");
        await CreateRoomAsync(_ann, "archive");
        await dave.RequestAsync<JoinedFrame>(Join("archive"));
        var original = await dave.SayAsync("who has the keys?", room: "archive");
        for (var i = 0; i < 300; i++)
            await dave.SendAsync(Say($"later {i}", room: "archive"));
        await dave.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Say, Room = "archive", Text = "I have", Reply = original.Seq, Id = FrameId.From("reply") });
        await _ann.Page.ReloadAsync();
        await _ann.ExpectInsideAsync("archive");
        var quote = _ann.Page.Locator("#log .quote");
        await Assertions.Expect(quote).ToContainTextAsync("who has the keys?");

        await quote.ClickAsync();
        var found = _ann.Page.Locator($"#log .message[data-seq='{original.Seq}']");
        await Assertions.Expect(found).ToBeFocusedAsync();
        await Assertions.Expect(found).ToBeInViewportAsync();
        await Assertions.Expect(found).ToContainTextAsync("who has the keys?");
        await ScreenshotAsync(_ann, "jumped");

        // A button leads back to the newest message.
        await _ann.Page.ClickAsync("#newest");
        await Assertions.Expect(_ann.Messages.Last).ToContainTextAsync("I have");
        await Assertions.Expect(_ann.Messages.Last).ToBeInViewportAsync();
        _ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Hostile_texts_are_shown_as_text_and_fit_into_the_page()
    {
        // The server rejects these names and emoji. So the test puts them into the frames that the page receives.
        await using var page = await ChatPage.OpenAsync("about:blank", new() { ReducedMotion = ReducedMotion.Reduce });
        await page.Page.RouteWebSocketAsync("**/ws*", socket =>
        {
            var server = socket.ConnectToServer();
            server.OnMessage(frame => socket.Send(frame.Text!.Replace("\"mallory\"", JsonSerializer.Serialize(HostileName)).Replace("\"👍\"", JsonSerializer.Serialize(Hostile))));
            socket.OnMessage(text => server.Send(WithRealName(text.Text!)));
        });
        await page.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=eve&room=lobby");
        await page.ExpectInsideAsync("lobby");
        await CreateRoomAsync(page, "hostile");
        await using var mallory = await ChatPeerAsync("mallory");
        await mallory.RequestAsync<JoinedFrame>(Join("hostile"));
        var said = await mallory.SayAsync(Hostile, room: "hostile");
        await mallory.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Room = "hostile", Seq = said.Seq, Emoji = "👍", Id = FrameId.From("r") });
        await mallory.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Say, Room = "hostile", Text = "indeed", Reply = said.Seq, Id = FrameId.From("s") });
        await mallory.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Room = "hostile", Text = Hostile, Id = FrameId.From("t") });
        await mallory.SendAsync(new ClientFrame { Type = ClientFrameType.Dm, To = "eve", Text = Hostile });
        await Assertions.Expect(page.Page.Locator("#direct-list .room")).ToHaveCountAsync(1);
        await OpenMenuOfAsync("mute");
        await page.Page.FillAsync("#form-text", Hostile);
        await page.Page.ClickAsync("#form-yes");
        await Assertions.Expect(page.Notices.Filter(new() { HasText = " muted " })).ToContainTextAsync(new string('W', 64));

        foreach (var (width, height) in new[] { (1440, 900), (375, 812) })
        {
            await page.Page.SetViewportSizeAsync(width, height);
            foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.Page.EmulateMediaAsync(new() { ColorScheme = theme });
                await ExpectTextsAsync("the room", "#log", "#rail", "#people", "#head", "#composer");
                await page.Page.Locator("#log [data-action=menu]").First.EvaluateAsync("button => button.click()");
                await ExpectTextsAsync("the menu of a message", "#message-menu");
                await page.Page.Keyboard.PressAsync("Escape");
                await OpenMenuOfAsync(null);
                await ExpectTextsAsync("the menu of a person", "#menu");
                await page.Page.ClickAsync("#menu-items [data-item=ban]");
                await ExpectTextsAsync("the question", "#form");
                await page.Page.ClickAsync("#form-no");
                await page.Page.ClickAsync("#open-room-menu");
                await ExpectTextsAsync("the menu of a room", "#menu");
                await page.Page.Keyboard.PressAsync("Escape");
                if (width < 720)
                {
                    await ExpectDrawerAsync("#toggle-people", "#members .person", "the members");
                    await ExpectDrawerAsync("#open-rail", "#direct-list .room", "the rooms");
                }

                async Task ExpectDrawerAsync(string button, string shown, string what)
                {
                    await page.Page.ClickAsync(button);
                    await Assertions.Expect(page.Page.Locator(shown).First).ToBeInViewportAsync();
                    await ExpectTextsAsync(what, "#rail", "#people");
                    await page.Page.Keyboard.PressAsync("Escape");
                    await Assertions.Expect(page.Page.Locator("#scrim")).ToBeHiddenAsync();
                }

                async Task ExpectTextsAsync(string what, params string[] places)
                {
                    var faults = await page.Page.EvaluateAsync<string[]>("""
                        (places) => [
                          ...[document.documentElement, ...places.map((place) => document.querySelector(place))]
                            .filter((node) => node.scrollWidth > node.clientWidth).map((node) => `${node.id || 'the page'} is ${node.scrollWidth} wide in ${node.clientWidth}`),
                          ...[...document.querySelectorAll('#log .menu')].filter((node) => node.clientWidth > 60).map(() => 'a button covers its message'),
                          ...[...document.querySelectorAll('hostile-element, img')].map((node) => `element ${node.localName}`),
                          ...document.scripts.length === 1 ? [] : ['a script'],
                          ...typeof hacked === 'undefined' ? [] : ['the markup ran'],
                          ...document.body.innerText.includes('\u202E') ? ['the direction changed'] : [],
                        ]
                        """, places);
                    await ScreenshotAsync(page, $"{what} {width} {theme}");
                    faults.Should().BeEmpty($"{what} shows texts, at {width} pixels, {theme}");
                }
            }
        }

        (await page.ViolationsAsync()).Should().BeEmpty();
        page.Errors.Should().BeEmpty();

        async Task OpenMenuOfAsync(string? item)
        {
            await page.Page.Locator("#log .message [data-action=person]").First.ClickAsync();
            if (item is not null)
                await page.Page.ClickAsync($"#menu-items [data-item={item}]");
        }
    }

    /// <summary>Replaces the hostile name in a request of the page by the real name, because the server does not know the hostile name.</summary>
    private static string WithRealName(string text)
    {
        if (!text.StartsWith('{') || JsonNode.Parse(text) is not JsonObject frame || (string?)frame["user"] != HostileName)
            return text;
        frame["user"] = "mallory";
        return frame.ToJsonString();
    }

    private async Task<ChatClient> ChatPeerAsync(string name) => (await ChatClient.JoinAsync(_server.HttpPort, name)).Client;

    private static async Task CreateRoomAsync(ChatPage page, string room)
    {
        await page.SayAsync($"/create {room}");
        await page.ExpectInsideAsync(room);
    }

    private static async Task GoToAsync(ChatPage page, string room)
    {
        await page.Page.ClickAsync($"#rooms [data-room={room}]");
        await page.ExpectInsideAsync(room);
    }

    private static async Task ScreenshotAsync(ChatPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("RSC_MENU_SCREENSHOTS") is { Length: > 0 } folder)
            await page.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name.Replace(' ', '-')}.png") });
    }
}
