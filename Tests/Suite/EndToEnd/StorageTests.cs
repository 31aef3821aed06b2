using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What the page stores in the browser: each server has its own data, and queued messages survive the deletion of the browser's databases.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class StorageTests
{
    [Test]
    public async Task Two_servers_under_two_paths_of_one_host_share_nothing()
    {
        await using var first = await ServerUnderTest.StartAsync();
        await using var second = await ServerUnderTest.StartAsync();
        await using var nginx = await NginxProxy.StartAsync(first.HttpPort, paths: new() { ["/a/"] = first.HttpPort, ["/b/"] = second.HttpPort });
        var (observer, _) = await ChatClient.JoinAsync(second.HttpPort, "observer");
        await using var __ = observer;

        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{nginx.Port}/a/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await ann.Page.ClickAsync("#theme");
        await first.StopAsync();
        await ann.ExpectNotOnlineAsync();
        await ann.SayAsync("only for the first server");
        await ann.ExpectPendingAsync(1);
        await ann.Input.FillAsync("a draft for the first server");

        await ann.Page.GotoAsync($"http://127.0.0.1:{nginx.Port}/b/");
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
        await Assertions.Expect(ann.Page.Locator("#name")).ToHaveValueAsync("");
        await Assertions.Expect(ann.Page.Locator("#theme")).ToHaveAttributeAsync("data-value", "auto");
        await ann.Page.FillAsync("#name", "bob");
        await ann.Page.PressAsync("#name", "Enter");
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("");
        await ann.SayAsync("for the second server");
        await observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "for the second server");
        await ann.ExpectAllSentAsync();
        await ann.ExpectMessageAsync("for the second server");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("for the second server");
        var keys = await ann.Page.EvaluateAsync<string[]>("async () => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(({ name }) => name)]");
        keys.Should().OnlyContain(key => key.Contains("/a", StringComparison.Ordinal) || key.Contains("/b", StringComparison.Ordinal));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Queued_messages_survive_the_deletion_of_the_databases_in_the_browser(bool isOpen)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var relay = new CuttableRelay(server.HttpPort);
        await using var ann = await ChatPage.JoinAsync(relay.Port, "ann");
        relay.IsDown = true;
        relay.Reset();
        await ann.ExpectNotOnlineAsync();
        foreach (var text in (string[])["one", "two"])
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(2);
        if (!isOpen)
        {
            // Another document of the same origin deletes the database after the page is closed.
            await ann.Page.RouteAsync("**/other", route => route.FulfillAsync(new() { Body = "other" }));
            await ann.Page.GotoAsync($"http://127.0.0.1:{relay.Port}/other");
        }

        await ann.Page.EvaluateAsync("""
            async () => {
              for (const { name } of await indexedDB.databases()) {
                await new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: reject }));
              }
            }
            """);
        relay.IsDown = false;
        await ann.Page.GotoAsync($"http://127.0.0.1:{relay.Port}/");
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectAllSentAsync();
        await ann.ExpectMessageAsync("two");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two");
    }
}
