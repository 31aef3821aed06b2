using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// A link to the page can contain a name and a room. Anybody can make a link, so the page asks before it uses the name or the room.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class LinkTests
{
    private ServerUnderTest _server = null!;
    private ChatPage _ann = null!;

    [SetUp]
    public async Task JoinAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        var (owner, _) = await ChatClient.JoinAsync(_server.HttpPort, "owner");
        await owner.SendAsync("""{"type":"create","room":"den","id":"den"}""");
        await owner.Inbox.ExpectAsync<Protocol.Chat.JoinedFrame>(joined => joined.Room == "den");
        await owner.DisposeAsync();
        _ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
    }

    [TearDown]
    public async Task StopServer()
    {
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
    }

    [TestCase("#link-yes", "eve", "den")]
    [TestCase("#link-keep", "ann", "den")]
    [TestCase("#link-no", "ann", "lobby")]
    public async Task Link_renames_the_person_and_joins_a_room_only_if_the_person_agrees(string answer, string name, string room)
    {
        var link = await OpenLinkAsync("?name=eve&room=den");
        await Assertions.Expect(link.Page.Locator("#link-title")).ToContainTextAsync("den");
        await link.ExpectInsideAsync("lobby");
        await Assertions.Expect(_ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");

        await link.Page.ClickAsync(answer);
        await link.ExpectInsideAsync(room);
        foreach (var tab in (ChatPage[])[link, _ann])
            await Assertions.Expect(tab.Page.Locator("#my-name")).ToHaveTextAsync(name);
        await Assertions.Expect(link.Page.Locator("#link-question")).ToBeHiddenAsync();
        link.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Link_to_a_room_that_the_person_has_joined_shows_the_room_without_a_question()
    {
        await _ann.SayAsync("/join den");
        await _ann.ExpectInsideAsync("den");
        var link = await OpenLinkAsync("?name=ann&room=lobby");
        await link.ExpectInsideAsync("lobby");
        await Assertions.Expect(link.Page.Locator("#link-question")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Menu_of_a_message_copies_its_text_and_a_link_that_shows_the_message()
    {
        await _ann.SayAsync("/join den");
        await _ann.ExpectInsideAsync("den");
        foreach (var text in (string[])["**first** words", "second", "third"])
            await _ann.SayAsync(text);
        await _ann.ExpectMessageAsync("third");
        await _ann.Page.Context.GrantPermissionsAsync(["clipboard-read"]);
        (await CopyAsync("#menu-copy")).Should().Be("**first** words");
        var link = await CopyAsync("#menu-link");
        link.Should().MatchRegex($"^http://127.0.0.1:{_server.HttpPort}/\\?room=den#message=\\d+$");

        // The link works in another tab of the person, and for a person who is new here.
        var tab = await OpenLinkAsync(new Uri(link).PathAndQuery[1..] + new Uri(link).Fragment);
        await ExpectShownAsync(tab);
        tab.Page.Url.Should().EndWith("/?room=den");
        await using var bob = await ChatPage.OpenAsync(link);
        await bob.Page.FillAsync("#name", "bob");
        await bob.Page.Keyboard.PressAsync("Enter");
        await ExpectShownAsync(bob);

        // The page first asks a person who is in another room.
        await using var eve = await ChatPage.JoinAsync(_server.HttpPort, "eve");
        var other = await ChatPage.OpenAsync(await eve.Page.Context.NewPageAsync(), link);
        await other.Page.ClickAsync("#link-yes");
        await ExpectShownAsync(other);
        other.Errors.Concat(_ann.Errors).Should().BeEmpty();

        async Task<string> CopyAsync(string item)
        {
            await _ann.Messages.First.HoverAsync();
            await _ann.Messages.First.Locator("[data-action=menu]").ClickAsync();
            await _ann.Page.ClickAsync(item);
            await Assertions.Expect(_ann.Page.Locator("#message-menu")).ToBeHiddenAsync();
            return await _ann.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        }

        static Task ExpectShownAsync(ChatPage page) => Assertions.Expect(page.Page.Locator("#log .message[data-jumped] .text")).ToContainTextAsync("first");
    }

    [Test]
    public async Task Reload_does_not_enter_a_room_that_the_person_has_left()
    {
        await _ann.SayAsync("/join den");
        await _ann.ExpectInsideAsync("den");
        await _ann.UntilAsync("() => location.search === '?room=den'");
        await _ann.Page.ClickAsync("#leave");
        await _ann.Page.ClickAsync("#leave-now");
        await _ann.ExpectInsideAsync("lobby");
        await _ann.UntilAsync("() => location.search === '?room=lobby'");

        await _ann.Page.ReloadAsync();
        await _ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(_ann.Page.Locator("#rooms .room")).ToHaveCountAsync(1);
    }

    [Test]
    public async Task Page_asks_before_a_person_leaves_a_room()
    {
        await _ann.Page.ClickAsync("#leave");
        await Assertions.Expect(_ann.Page.Locator("#leaving-title")).ToContainTextAsync("lobby");
        await _ann.Page.ClickAsync("#stay");
        await Assertions.Expect(_ann.Page.Locator("#leaving")).ToBeHiddenAsync();
        await _ann.SayAsync("still here");
        await _ann.ExpectMessageAsync("still here");
    }

    private async Task<ChatPage> OpenLinkAsync(string query) =>
        await ChatPage.OpenAsync(await _ann.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_server.HttpPort}/{query}");
}
