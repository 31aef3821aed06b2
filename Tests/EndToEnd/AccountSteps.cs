using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What a person does with an account at the page.</summary>
internal static class AccountSteps
{
    public const string Password = "correct horse battery";

    public static async Task KeepTheNameAsync(ChatPage page)
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

    public static async Task<string> UserOfAsync(ChatPage page)
    {
        var me = page.Page.Locator("#members .member").Filter(new() { HasText = "you" });
        await Assertions.Expect(me).ToHaveCountAsync(1);
        return (await me.GetAttributeAsync("data-user"))!;
    }

    /// <summary>All that goes over the page's sockets, their addresses too.</summary>
    public static ConcurrentQueue<string> Listen(IPage page)
    {
        var heard = new ConcurrentQueue<string>();
        page.WebSocket += (_, socket) =>
        {
            heard.Enqueue(socket.Url);
            socket.FrameSent += (_, frame) => heard.Enqueue(frame.Text ?? "");
            socket.FrameReceived += (_, frame) => heard.Enqueue(frame.Text ?? "");
        };
        return heard;
    }
}
