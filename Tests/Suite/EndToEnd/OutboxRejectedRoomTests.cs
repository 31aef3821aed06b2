using System.Text.Json.Nodes;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Messages that wait for a room while the server rejects the join.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class OutboxRejectedRoomTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Message_fails_and_is_sent_when_the_person_retries()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var gate = await JoinGate.InstallAsync(ann.Page, new JsonObject { ["code"] = "not-allowed", ["text"] = "this room is closed today" });
        await gate.JoinAndSayAsync(ann, _server.HttpPort, "hello room");

        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("This room is closed today.");
        gate.IsOpen = true;
        await failed.Locator("[data-action=retry]").ClickAsync();
        await ann.ExpectMessageAsync("hello room");
    }

    [Test]
    public async Task Message_is_sent_automatically_if_the_server_says_when_to_join_again()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var gate = await JoinGate.InstallAsync(ann.Page, new JsonObject { ["code"] = "unavailable", ["text"] = "not now", ["retryAfterMs"] = 50 });
        await gate.JoinAndSayAsync(ann, _server.HttpPort, "hello room");
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]").First).ToContainTextAsync("not now");
        await ann.ExpectPendingAsync(1);

        gate.IsOpen = true;
        await ann.ExpectMessageAsync("hello room");
    }

    /// <summary>
    /// Forwards the requests of the page to the server. Until the test opens the gate, answers each join with an error instead.
    /// </summary>
    private sealed class JoinGate(JsonObject refusal)
    {
        private readonly TaskCompletionSource _said = new();

        public volatile bool IsOpen;

        public static async Task<JoinGate> InstallAsync(IPage page, JsonObject refusal)
        {
            var gate = new JoinGate(refusal);
            await page.RouteWebSocketAsync("**/ws", socket =>
            {
                var server = socket.ConnectToServer();
                socket.OnMessage(frame => gate.Pass(frame.Text!, socket, server));
            });
            return gate;
        }

        /// <summary>Opens the page and writes a message before the server answers. The message waits until the room is joined.</summary>
        public async Task JoinAndSayAsync(ChatPage page, int port, string text)
        {
            await page.Page.RouteAsync("**/session", async route =>
            {
                await _said.Task;
                await route.ContinueAsync();
            });
            await page.Page.GotoAsync($"http://127.0.0.1:{port}/?name=ann&room=lobby");
            await page.SayAsync(text);
            await page.ExpectPendingAsync(1);
            _said.SetResult();
        }

        private void Pass(string text, IWebSocketRoute page, IWebSocketRoute server)
        {
            var frame = JsonNode.Parse(text)!;
            if (IsOpen || (string?)frame["type"] != "join")
            {
                server.Send(text);
                return;
            }

            var error = refusal.DeepClone().AsObject();
            error["type"] = "error";
            error["id"] = (string?)frame["id"];
            page.Send(error.ToJsonString());
        }
    }
}
