using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Push;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Push messages in the page and in its worker. The tests give the browser a subscription of a fake push service, because the
/// browser cannot reach a real one.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class PushPageTests
{
    private const string ReadShown = """
        async () => {
          const shown = await (await navigator.serviceWorker.getRegistration()).getNotifications();
          return shown.map(({ title, body, data }) => `${title.replace(/[\u2068\u2069]/g, '')}: ${body} (${data.room} ${data.seq})`);
        }
        """;

    [Test]
    public async Task Push_message_reaches_the_person_after_the_page_is_closed()
    {
        await using var room = await PushRoom.StartAsync();
        var browser = room.Service.Subscribe();
        await using var ann = await OpenAsync(room, browser);
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-alerts");
        await Assertions.Expect(ann.Page.Locator("#push-switch")).ToHaveTextAsync("Notify me");
        await ann.Page.ClickAsync("#push-switch");
        await Assertions.Expect(ann.Page.Locator("#push-switch")).ToHaveTextAsync("Stop");
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();

        await ann.Page.GotoAsync("about:blank");
        await TestWait.UntilAsync(() => !room.Server.HasConnection("ann"), "the page to be closed");
        await room.SayAsync("come back");
        (await room.Service.ExpectAsync(1)).Single().Text.Should().Be("come back");
    }

    [Test]
    public async Task Logout_turns_push_messages_off()
    {
        await using var room = await PushRoom.StartAsync();
        await using var ann = await OpenAsync(room, room.Service.Subscribe());
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-alerts");
        await ann.Page.ClickAsync("#push-switch");
        await Assertions.Expect(ann.Page.Locator("#push-switch")).ToHaveTextAsync("Stop");
        await ann.Page.ClickAsync("#tab-person");
        await ann.Page.ClickAsync("#log-out");
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
        (await ann.Page.EvaluateAsync<bool>("() => Object.keys(localStorage).some((key) => key.endsWith(' push'))")).Should().BeFalse();
        await ann.UntilAsync("() => window.unsubscribed");
    }

    [Test]
    public async Task Server_without_keys_offers_no_push_messages()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-alerts");
        await Assertions.Expect(ann.Page.Locator("#push")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Worker_shows_a_message_only_if_no_page_of_the_chat_is_visible()
    {
        await using var room = await PushRoom.StartAsync();
        await using var browser = await Chromium.LaunchFullAsync();
        await using var ann = await OpenAsync(room, room.Service.Subscribe(), await Chromium.NewPageAsync(browser));
        var deliver = await CreateDeliveryAsync(ann);
        var origin = new Uri(ann.Page.Url).GetLeftPart(UriPartial.Authority);
        await deliver("""{"room":"lobby","seq":7,"name":"bob","text":"while ann looks","direct":false}""");
        await ann.Page.GotoAsync($"{origin}/site.json"); // a page of the same origin that is not the chat page
        await deliver("""{"room":"lobby","seq":8,"name":"bob","text":"hello","direct":false}""");
        await ExpectShownAsync(ann, "bob in #lobby: hello (lobby 8)");
        await deliver("""{"room":"lobby","seq":9,"name":"bob","text":"again","direct":false}""");
        await ExpectShownAsync(ann, "bob in #lobby: again (lobby 9)");
    }

    [Test]
    public async Task Click_on_a_notification_shows_the_message_in_an_open_page_or_a_new_one()
    {
        await using var room = await PushRoom.StartAsync();
        await using var ann = await OpenAsync(room, room.Service.Subscribe());
        await room.Writer.SendAsync("/create garden");
        await room.Writer.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "garden");
        var first = await room.SayAsync("first", "garden");
        await ann.SayAsync("/join garden");
        await ann.ExpectInsideAsync("garden");
        await ann.Page.ClickAsync("#rooms [data-room=lobby]");
        await ann.ExpectInsideAsync("lobby");
        // The test does not click. It delivers the message that the worker sends to an open page after a click.
        await ann.Page.EvaluateAsync("(seq) => { navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: { type: 'open', room: 'garden', seq } })); }", first.Seq);
        await ann.ExpectInsideAsync("garden");

        var origin = new Uri(ann.Page.Url).GetLeftPart(UriPartial.Authority);
        await ann.Page.GotoAsync("about:blank");
        await ann.Page.GotoAsync($"{origin}/?room=garden#message={first.Seq}");
        await ann.ExpectInsideAsync("garden");
        await Assertions.Expect(ann.Page.Locator($"#log .message[data-seq='{first.Seq}']")).ToBeInViewportAsync();
        (await ann.Page.EvaluateAsync<string>("() => location.hash")).Should().BeEmpty("a page that is loaded again does not jump again");
    }

    private static async Task<ChatPage> OpenAsync(PushRoom room, FakeBrowser browser, IPage? tab = null)
    {
        tab ??= await Chromium.NewPageAsync();
        await tab.Context.GrantPermissionsAsync(["notifications"]);
        await tab.AddInitScriptAsync($$"""
            const subscription = {
              endpoint: '{{browser.Endpoint}}',
              toJSON: () => ({{browser.ToJson()}}),
              async unsubscribe() { window.unsubscribed = true; return true; },
            };
            if (window.PushManager) {
              PushManager.prototype.subscribe = async () => subscription;
              PushManager.prototype.getSubscription = async () => subscription;
            }
            """);
        var page = await ChatPage.OpenAsync(tab, $"http://127.0.0.1:{room.Server.HttpPort}/?name=ann&room=lobby");
        await page.ExpectInsideAsync("lobby");
        await page.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
        return page;
    }

    // Delivers messages to the worker, as the browser does for messages of its push service.
    private static async Task<Func<string, Task>> CreateDeliveryAsync(ChatPage page)
    {
        var session = await page.Page.Context.NewCDPSessionAsync(page.Page);
        var registration = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Event("ServiceWorker.workerRegistrationUpdated").OnEvent += (_, change) =>
        {
            if (change?.GetProperty("registrations").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } found)
                registration.TrySetResult(found.GetProperty("registrationId").GetString()!);
        };
        await session.SendAsync("ServiceWorker.enable");
        var id = await registration.Task.OrFail("the registration of the worker");
        var origin = new Uri(page.Page.Url).GetLeftPart(UriPartial.Authority);
        return data => session.SendAsync("ServiceWorker.deliverPushMessage", new() { ["origin"] = origin + "/", ["registrationId"] = id, ["data"] = data });
    }

    private static Task ExpectShownAsync(ChatPage page, params string[] expected) =>
        TestWait.UntilAsync(async () => (await page.Page.EvaluateAsync<string[]>(ReadShown)).SequenceEqual(expected), $"the notifications: {string.Join(", ", expected)}");
}
