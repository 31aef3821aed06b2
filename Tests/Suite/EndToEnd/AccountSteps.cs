using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The steps of a person who uses an account on the page.</summary>
internal static class AccountSteps
{
    public const string Password = "correct horse battery";

    public static async Task RegisterAsync(ChatPage page)
    {
        await page.Page.ClickAsync("#me");
        await page.Page.FillAsync("#new-password", Password);
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#account-note")).ToContainTextAsync("is yours");
        await page.Page.ClickAsync("#close-account");
        await page.ExpectInsideAsync("lobby");
    }

    public static async Task LogOutAsync(ChatPage page)
    {
        await page.Page.ClickAsync("#me");
        await page.Page.ClickAsync("#log-out");
        await Assertions.Expect(page.Page.Locator("#join")).ToBeVisibleAsync();
    }

    public static async Task LogInAsync(ChatPage page, string name)
    {
        await page.Page.FillAsync("#name", name);
        await page.Page.ClickAsync("#have-account");
        await page.Page.FillAsync("#password", Password);
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ExpectInsideAsync("lobby");
    }

    public static async Task<string> GetUserAsync(ChatPage page)
    {
        var me = page.Page.Locator("#members .member").Filter(new() { HasText = "you" });
        await Assertions.Expect(me).ToHaveCountAsync(1);
        return (await me.GetAttributeAsync("data-user"))!;
    }

    /// <summary>Records the addresses and all messages of the page's WebSockets.</summary>
    public static ConcurrentQueue<string> RecordWebSockets(IPage page)
    {
        var recorded = new ConcurrentQueue<string>();
        page.WebSocket += (_, socket) =>
        {
            recorded.Enqueue(socket.Url);
            socket.FrameSent += (_, frame) => recorded.Enqueue(frame.Text ?? "");
            socket.FrameReceived += (_, frame) => recorded.Enqueue(frame.Text ?? "");
        };
        return recorded;
    }
}
