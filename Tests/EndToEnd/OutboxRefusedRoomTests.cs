using System.Text.Json.Nodes;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What waits for a room that does not let one in again.</summary>
public sealed class OutboxRefusedRoomTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task It_is_not_sent_until_the_person_tries_again()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var door = await Door.BeforeAsync(ann.Page, new JsonObject { ["code"] = "not-allowed", ["text"] = "this room is closed today" });
        await door.EnterAndSayAsync(ann, _server.HttpPort, "let me in");

        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("This room is closed today.");
        door.IsOpen = true;
        await failed.Locator("[data-action=retry]").ClickAsync();
        await ann.ExpectMessageAsync("let me in");
    }

    [Test]
    public async Task It_is_sent_by_itself_where_the_server_says_when_to_ask_again()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var door = await Door.BeforeAsync(ann.Page, new JsonObject { ["code"] = "unavailable", ["text"] = "not now", ["retryAfterMs"] = 50 });
        await door.EnterAndSayAsync(ann, _server.HttpPort, "let me in");
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]").First).ToContainTextAsync("not now");
        await ann.ExpectPendingAsync(1);

        door.IsOpen = true;
        await ann.ExpectMessageAsync("let me in");
    }

    /// <summary>Answers every join in the server's stead, until it is open.</summary>
    private sealed class Door(JsonObject refusal)
    {
        private readonly TaskCompletionSource _said = new();

        public volatile bool IsOpen;

        public static async Task<Door> BeforeAsync(IPage page, JsonObject refusal)
        {
            var door = new Door(refusal);
            await page.RouteWebSocketAsync("**/ws", socket =>
            {
                var server = socket.ConnectToServer();
                socket.OnMessage(frame => door.Pass(frame.Text!, socket, server));
            });
            return door;
        }

        /// <summary>What is said before the first answer is meant for the room, whatever that answer will be.</summary>
        public async Task EnterAndSayAsync(ChatPage page, int port, string text)
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
