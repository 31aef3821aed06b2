using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A person who writes with an input method uses Enter to accept a word. This Enter does not send the message.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class InputMethodTests
{
    [Test]
    public async Task Enter_that_ends_a_composition_sends_nothing()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        var session = await ann.Page.Context.NewCDPSessionAsync(ann.Page);
        await ann.Input.FocusAsync();
        await session.SendAsync("Input.imeSetComposition", new() { ["text"] = "にほん", ["selectionStart"] = 3, ["selectionEnd"] = 3 });
        await Assertions.Expect(ann.Input).ToHaveValueAsync("にほん");
        // During a composition, the browser sets isComposing in the key event. The input method takes the key, so the event has no text.
        await session.SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "rawKeyDown", ["key"] = "Enter", ["code"] = "Enter", ["windowsVirtualKeyCode"] = 13 });
        await session.SendAsync("Input.insertText", new() { ["text"] = "日本" });
        await Assertions.Expect(ann.Input).ToHaveValueAsync("日本");

        // Safari ends the composition before the key event, which has the key code 229.
        await session.SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "rawKeyDown", ["key"] = "Enter", ["code"] = "Enter", ["windowsVirtualKeyCode"] = 229 });
        await Assertions.Expect(ann.Input).ToHaveValueAsync("日本");
        await Assertions.Expect(ann.Messages).ToHaveCountAsync(0);

        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectMessageAsync("日本");
        await Assertions.Expect(ann.Messages).ToHaveCountAsync(1);
    }
}
