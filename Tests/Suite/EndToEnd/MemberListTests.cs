using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Api;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The list of members with their roles. Tests/Client/people.test.mjs checks the groups.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class MemberListTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task List_of_members_shows_owners_moderators_and_bots(ColorScheme scheme)
    {
        await using var olga = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=olga");
        await olga.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        var (mona, _) = await ChatClient.JoinAsync(_server.HttpPort, "mona", "garden");
        await using var __ = mona;
        await olga.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, User = "mona", Role = "moderator", Room = "garden", Id = FrameId.From("r") });
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "garden", new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 800 } });
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Moderators", "mmona", "Members", "aannyou"]);

        await ann.Page.ClickAsync("#members [data-name=olga]");
        await Assertions.Expect(ann.Page.Locator("#menu")).ToContainTextAsync("Owner, here now");
        await ann.Page.Keyboard.PressAsync("Escape");

        // Other members see a new role immediately.
        await olga.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, User = "ann", Role = "moderator", Room = "garden", Id = FrameId.From("s") });
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Moderators", "aannyou", "mmona"]);

        // A moderator who leaves and comes back is still a moderator.
        await mona.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "garden", Id = FrameId.From("l") });
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Moderators", "aannyou", "mmonaaway"]);
        await mona.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Join, Room = "garden", Id = FrameId.From("j") });
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Moderators", "aannyou", "mmona"]);

        // A bot appears with its first message, in the log and in the list.
        var token = (await olga.CreateTokenAsync("garden", "weather")).Token!;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_server.HttpPort}/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        (await http.PostAsJsonAsync("api/rooms/garden/messages", new { text = "rain" })).EnsureSuccessStatusCode();
        await ann.ExpectMessageAsync("rain");
        await Assertions.Expect(ann.Messages.Last.Locator(".byline .tag")).ToHaveTextAsync("bot");
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Moderators", "aannyou", "mmona", "Bots", "wweatherbot"]);
        await ann.Page.ClickAsync("#members [data-name=weather]");
        await Assertions.Expect(ann.Page.Locator("#menu")).ToContainTextAsync("Bot: a program that writes here");
        await Assertions.Expect(ann.Page.Locator("#menu-items [data-item]")).ToHaveCountAsync(1);
        await ann.Page.Keyboard.PressAsync("Escape");
        await AccessibilityTests.ExpectCleanAsync(ann, "the list of members with roles");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Owner_who_is_away_is_in_the_list_and_gets_a_message()
    {
        await using var olga = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=olga");
        await olga.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "olga", Password = "a long password", Id = FrameId.From("r") });
        await olga.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        await olga.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "garden", Id = FrameId.From("l") });

        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", "garden", new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolgaaway", "Members", "aannyou"]);
        await AccessibilityTests.ExpectCleanAsync(ann, "the list of members with an owner who is away");
        await ann.Page.ClickAsync("#members [data-name=olga]");
        await Assertions.Expect(ann.Page.Locator("#menu")).ToContainTextAsync("Owner, not here now");
        await ann.Page.ClickAsync("#menu-items [data-item=message]");
        await ann.ExpectInsideAsync("olga");
        await ann.SayAsync("please let bob in");
        await olga.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Join, Room = "garden", Id = FrameId.From("j") });
        await ann.SayAsync("/join garden");
        await Assertions.Expect(Items(ann)).ToHaveTextAsync(["Owners", "oolga", "Members", "aannyou"]);
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Direct_room_shows_whether_the_other_person_is_in_any_room()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", options: new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await Assertions.Expect(ann.Page.Locator("#members .member")).ToHaveCountAsync(2);
        await ann.SayAsync("/dm bob hi");
        await ann.ExpectMessageAsync("hi");
        // bob is in the lobby, and has not opened the conversation.
        await Assertions.Expect(ann.Page.Locator("#members .member[data-user]:not([data-away])")).ToHaveTextAsync(["aannyou", "bbob"]);
        await Assertions.Expect(ann.Page.Locator("#people-heading")).ToHaveTextAsync("Members");
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "lobby", Id = FrameId.From("l") });
        await Assertions.Expect(ann.Page.Locator("#members [data-away]")).ToHaveTextAsync("bbobaway");
    }

    // The text of an item begins with the initial in the avatar.
    private static ILocator Items(ChatPage page) => page.Page.Locator("#members > li");
}
