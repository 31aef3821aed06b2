using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The emoji picker, and the completion of emoji in the input. Tests/Client/emoji.test.mjs checks the search and the keys.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class EmojiPickerTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Chosen_emoji_is_inserted_at_the_caret_and_is_recent_after_a_reload()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Input.FillAsync("good morning");
        await ann.Input.EvaluateAsync("input => input.setSelectionRange(4, 4)");
        await ann.Page.ClickAsync("#open-emoji");
        await Assertions.Expect(Query(ann)).ToBeFocusedAsync();
        await Assertions.Expect(Group(ann, "Smileys and emotion").Locator("[data-emoji='😀']")).ToBeVisibleAsync();
        await Assertions.Expect(Group(ann, "Recently used")).ToHaveCountAsync(0);

        await Query(ann).FillAsync("PIZZ");
        await Assertions.Expect(Group(ann, "Results").Locator("[data-emoji]").First).ToHaveAccessibleNameAsync("pizza");
        await AccessibilityTests.ExpectCleanAsync(ann, "the emoji picker");
        await Emoji(ann, "🍕").HoverAsync();
        await Assertions.Expect(ann.Page.Locator("#emoji-name")).ToHaveTextAsync("🍕 pizza");
        await Emoji(ann, "🍕").ClickAsync();
        await Assertions.Expect(Picker(ann)).ToBeHiddenAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync("good🍕 morning");
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectMessageAsync("good🍕 morning");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.Page.ClickAsync("#open-emoji");
        await Assertions.Expect(Group(ann, "Recently used").Locator("[data-emoji]")).ToHaveTextAsync(["🍕"]);
        ann.Errors.Should().BeEmpty();
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Picker_can_be_used_with_the_keyboard_alone()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "kay");
        var keys = ann.Page.Keyboard;
        await ann.Page.FocusAsync("#open-emoji");
        await keys.PressAsync("Enter");
        await Assertions.Expect(Query(ann)).ToBeFocusedAsync();
        await Assertions.Expect(Emoji(ann, "😀")).ToBeVisibleAsync();

        await keys.PressAsync("ArrowDown");
        await Assertions.Expect(Emoji(ann, "😀")).ToBeFocusedAsync();
        await Assertions.Expect(ann.Page.Locator("#emoji-name")).ToHaveTextAsync("😀 grinning face");
        await keys.PressAsync("ArrowRight");
        await Assertions.Expect(Emoji(ann, "😃")).ToBeFocusedAsync();
        await keys.PressAsync("End");
        await Assertions.Expect(Emoji(ann, "🏴󠁧󠁢󠁷󠁬󠁳󠁿")).ToBeFocusedAsync(); // the flag of Wales is the last one
        await keys.PressAsync("Home");
        await keys.PressAsync("Shift+Enter");
        await keys.PressAsync("ArrowRight");
        await keys.PressAsync("Shift+Enter");
        await Assertions.Expect(Picker(ann)).ToBeVisibleAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync("😀😃");

        // A letter goes to the search field. There, the Enter key chooses the first result.
        await keys.TypeAsync("thumbs up");
        await Assertions.Expect(Query(ann)).ToHaveValueAsync("thumbs up");
        await keys.PressAsync("Enter");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("😀😃👍");
        await Assertions.Expect(ann.Input).ToBeFocusedAsync();

        await ann.Page.FocusAsync("#open-emoji");
        await keys.PressAsync("Enter");
        await Assertions.Expect(Query(ann)).ToBeFocusedAsync();
        await keys.PressAsync("Escape");
        await Assertions.Expect(Picker(ann)).ToBeHiddenAsync();
        await Assertions.Expect(ann.Page.Locator("#open-emoji")).ToBeFocusedAsync();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Menu_of_a_message_opens_the_picker_to_react()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "rea");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await ann.SayAsync("who is hungry?");
        await bob.ExpectMessageAsync("who is hungry?");
        await bob.Messages.Last.Locator("[data-action=menu]").EvaluateAsync("button => button.click()");
        await bob.Page.ClickAsync("#menu-more");
        await Assertions.Expect(bob.Page.Locator("#message-menu")).ToBeHiddenAsync();
        await Query(bob).FillAsync("taco");
        await Assertions.Expect(Emoji(bob, "🌮")).ToBeVisibleAsync();
        await Query(bob).PressAsync("Enter");
        await Assertions.Expect(Picker(bob)).ToBeHiddenAsync();
        await Assertions.Expect(ann.Messages.Last.Locator(".chip")).ToHaveTextAsync("🌮 1");
        await Assertions.Expect(bob.Input).ToHaveValueAsync("");
        bob.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Tab_key_completes_the_name_of_an_emoji()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "tab");
        var suggestions = ann.Page.Locator("#suggestions [role=option]");
        await ann.Input.PressSequentiallyAsync("see you at 12:30 :thumbs_u");
        await Assertions.Expect(suggestions).ToHaveTextAsync(["👍thumbs up"]);
        await ann.Page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("see you at 12:30 👍 ");
        await Assertions.Expect(suggestions).ToHaveCountAsync(0);
        await ann.Input.PressSequentiallyAsync(":smi");
        await Assertions.Expect(suggestions).ToHaveCountAsync(8);
        await suggestions.First.ClickAsync();
        (await ann.Input.InputValueAsync()).Should().MatchRegex("^see you at 12:30 👍 [^:]+ $");

        await ann.Page.ClickAsync("#open-emoji");
        await Assertions.Expect(Group(ann, "Recently used").Locator("[data-emoji]")).ToHaveCountAsync(2);
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Picker_fits_a_narrow_page_and_names_the_emoji_in_the_language_of_the_page()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "narrow", options: new()
        {
            Locale = "ar",
            ColorScheme = ColorScheme.Dark,
            ViewportSize = new() { Width = 320, Height = 568 },
            HasTouch = true,
            IsMobile = true,
        });
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("dir", "rtl"); // the page has loaded its Arabic texts
        await ann.Page.TapAsync("#open-emoji");
        await Assertions.Expect(Emoji(ann, "😀")).ToHaveAccessibleNameAsync("وجه بابتسامة عريضة");
        var (first, second) = ((await Emoji(ann, "😀").BoundingBoxAsync())!, (await Emoji(ann, "😃").BoundingBoxAsync())!);
        first.X.Should().BeGreaterThan(second.X, "the grid goes from right to left");
        first.Height.Should().BeGreaterThanOrEqualTo(44);
        var widths = await ann.Page.EvaluateAsync<int[]>("() => ['emoji-picker', 'emoji-list'].map((id) => document.getElementById(id)).concat(document.documentElement).map((node) => node.scrollWidth - node.clientWidth)");
        widths.Should().OnlyContain(difference => difference <= 0);

        await Query(ann).FillAsync("قلب أحمر");
        await Emoji(ann, "❤️").TapAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync("❤️");
        ann.Errors.Should().BeEmpty();
    }

    private static ILocator Picker(ChatPage page) => page.Page.Locator("#emoji-picker");

    private static ILocator Query(ChatPage page) => page.Page.Locator("#emoji-query");

    // A recently used emoji is in the picker twice.
    private static ILocator Emoji(ChatPage page, string emoji) => page.Page.Locator($"#emoji-list [data-emoji='{emoji}']").First;

    private static ILocator Group(ChatPage page, string heading) => page.Page.Locator("#emoji-list [role=group]").Filter(new() { Has = page.Page.GetByRole(AriaRole.Heading, new() { Name = heading, Exact = true }) });
}
