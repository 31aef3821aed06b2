using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The search of the page: it lists the found messages, and shows a found message in its room.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class SearchPageTests
{
    [Test]
    public async Task Person_searches_and_goes_to_a_message_that_the_page_does_not_have()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var _1 = bob;
        await bob.SayAsync("the Café has <b>cake</b>");
        for (var i = 0; i < 300; i++)
            await bob.SayAsync($"later {i}");
        await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        await bob.SayAsync("the cafe in the garden");

        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.Locator("#open-search").ClickAsync();
        await ann.Page.Locator("#search-query").FillAsync("cafe");
        await ann.Page.Locator("#search-query").PressAsync("Enter");
        var found = ann.Page.Locator("#search-list button");
        await Assertions.Expect(found).ToHaveCountAsync(2);
        (await found.Locator(".text").AllInnerTextsAsync()).Should().Equal("the cafe in the garden", "the Café has <b>cake</b>");
        (await found.Locator("mark").AllInnerTextsAsync()).Should().Equal("cafe", "Café");

        await found.Last.ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#log .message[data-jumped]")).ToContainTextAsync("the Café has <b>cake</b>");

        // The command /search opens the same dialog. A click on a message of another public room opens that room.
        await ann.SayAsync("/search garden");
        await Assertions.Expect(found).ToHaveCountAsync(1);
        await found.ClickAsync();
        await ann.ExpectInsideAsync("garden");
        await Assertions.Expect(ann.Page.Locator("#log .message[data-jumped]")).ToContainTextAsync("the cafe in the garden");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Search_finds_the_beginning_of_a_word_and_follows_the_fields()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var _1 = bob;
        await bob.SayAsync("my keys are lost");
        await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        await bob.SayAsync("a keyboard in the garden", room: "garden");
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.SayAsync("which key?");
        await ann.ExpectAllSentAsync();

        await ann.Page.ClickAsync("#open-search");
        await ann.Page.FillAsync("#search-query", "key");
        await ann.Page.PressAsync("#search-query", "Enter");
        await ExpectFoundAsync("which key?", "a keyboard in the garden", "my keys are lost");
        await ann.Page.ClickAsync("#search-filters summary");
        await AccessibilityTests.ExpectCleanAsync(ann, "the fields of the search");
        await ann.Page.SelectOptionAsync("#search-room", "lobby");
        await ExpectFoundAsync("which key?", "my keys are lost");
        (await ann.Page.EvalOnSelectorAsync<string>("#search-authors option", "(option) => option.value")).Should().Be("bob");
        await ann.Page.FillAsync("#search-author", "bob");
        await ann.Page.PressAsync("#search-author", "Enter");
        await ExpectFoundAsync("my keys are lost");

        // Both days belong to the range, in the time zone of the browser.
        var today = await ann.Page.EvaluateAsync<string>("() => { const now = new Date(); return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); }");
        await ann.Page.FillAsync("#search-until", "2020-01-01");
        await ExpectFoundAsync();
        await Assertions.Expect(ann.Page.Locator("#search-note")).ToHaveTextAsync("No messages found.");
        await ann.Page.FillAsync("#search-until", today);
        await ann.Page.FillAsync("#search-since", today);
        await ExpectFoundAsync("my keys are lost");

        // For days alone, the page searches the current room.
        await ann.Page.SelectOptionAsync("#search-room", "");
        await ann.Page.FillAsync("#search-author", "");
        await ann.Page.FillAsync("#search-query", "");
        await ann.Page.PressAsync("#search-query", "Enter");
        await ExpectFoundAsync("which key?", "my keys are lost");
        await Assertions.Expect(ann.Page.Locator("#search-room")).ToHaveValueAsync("lobby");
        ann.Errors.Should().BeEmpty();

        Task ExpectFoundAsync(params string[] texts) => Assertions.Expect(ann.Page.Locator("#search-list .text")).ToHaveTextAsync(texts);
    }
}
