using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page on a phone: its Back button, and its keyboard without a Shift key.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class PhoneTests
{
    private ServerUnderTest _server = null!;
    private ChatPage _ann = null!;

    [SetUp]
    public async Task JoinAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _ann = await ChatPage.OpenAsync("about:blank", new() { ViewportSize = new() { Width = 375, Height = 812 }, HasTouch = true, IsMobile = true });
        await _ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await _ann.ExpectInsideAsync("lobby");
        await ExpectLevelAsync(1);
    }

    [TearDown]
    public async Task StopServer()
    {
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
    }

    [TestCase("#toggle-people", "#people")]
    [TestCase("#open-room-menu", "#menu")]
    [TestCase("#open-search", "#search")]
    [TestCase("#open-emoji", "#emoji-picker")]
    public async Task Back_button_closes_an_open_panel_menu_or_dialog(string button, string opened)
    {
        await _ann.Page.TapAsync(button);
        await Assertions.Expect(_ann.Page.Locator(opened)).ToBeVisibleAsync();
        await ExpectLevelAsync(2);
        await GoBackAsync();
        await Assertions.Expect(_ann.Page.Locator(opened)).ToBeHiddenAsync();
        await _ann.ExpectInsideAsync("lobby");
    }

    [Test]
    public async Task Back_button_goes_from_a_room_to_the_list_of_rooms_and_then_leaves_the_page()
    {
        await GoBackAsync();
        await Assertions.Expect(_ann.Page.Locator("#rail")).ToBeVisibleAsync();
        await _ann.Page.TapAsync("#rooms [data-room=lobby]");
        await Assertions.Expect(_ann.Page.Locator("#rail")).ToBeHiddenAsync();
        await ExpectLevelAsync(1);

        await GoBackAsync();
        await ExpectLevelAsync(0);
        await _ann.Page.GoBackAsync();
        _ann.Page.Url.Should().Be("about:blank");
    }

    [Test]
    public async Task Back_button_does_not_return_to_a_view_that_the_person_has_closed()
    {
        await _ann.Page.TapAsync("#open-room-menu");
        await _ann.Page.TapAsync("#menu-items [data-item=leave]");
        await ExpectLevelAsync(2);
        await _ann.Page.TapAsync("#stay");
        await ExpectLevelAsync(1);
        await _ann.Page.TapAsync("#open-rail");
        await ExpectLevelAsync(0);
        await _ann.Page.TapAsync("#open-directory");
        await ExpectLevelAsync(2);
        await GoBackAsync();
        await ExpectLevelAsync(1);
        await Assertions.Expect(_ann.Page.Locator("#directory")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Person_can_type_a_line_break_on_a_phone()
    {
        await _ann.Page.TapAsync("#input");
        await _ann.Page.Keyboard.TypeAsync("one");
        await _ann.Page.TapAsync("#break");
        await Assertions.Expect(_ann.Input).ToBeFocusedAsync();
        await _ann.Page.Keyboard.TypeAsync("two");
        await _ann.Page.TapAsync("#send");
        await _ann.ExpectMessageAsync("one\ntwo");
    }

    [Test]
    public async Task Desktop_shows_no_button_for_a_line_break()
    {
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await Assertions.Expect(bob.Page.Locator("#break")).ToBeHiddenAsync();
    }

    private async Task GoBackAsync() => await _ann.Page.EvaluateAsync("() => history.back()");

    /// <summary>Waits until the browser's history is at a level: 0 is the list of rooms, 1 a room, 2 a panel, menu or dialog above the room.</summary>
    private Task ExpectLevelAsync(int level) => _ann.UntilAsync("(level) => (history.state?.level ?? 0) === level", level);
}
