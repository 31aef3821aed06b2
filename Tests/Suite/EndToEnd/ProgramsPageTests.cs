using System.Net;
using System.Text;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.Webhooks;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The dialog with the tokens and the webhook of a room, as an owner uses it.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ProgramsPageTests
{
    [Test]
    public async Task Owner_creates_a_token_and_revokes_it_after_a_post()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann", options: new() { ReducedMotion = ReducedMotion.Reduce });
        await ann.SayAsync("/create workshop");
        await ann.ExpectInsideAsync("workshop");
        await ann.Page.ClickAsync("#open-room-menu");
        await ann.Page.ClickAsync("#menu-items [data-item=programs]");
        await Assertions.Expect(ann.Page.Locator("#programs-title")).ToHaveTextAsync("Programs in #workshop");
        await Assertions.Expect(ann.Page.Locator("#program-list")).ToHaveTextAsync("No program has a token yet.");
        await Assertions.Expect(ann.Page.Locator("#program-name")).ToBeFocusedAsync();

        // The dialog shows why the server does not accept a name.
        await ann.Page.FillAsync("#program-name", "ann");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#programs-note")).ToContainTextAsync("name");
        await AccessibilityTests.ExpectCleanAsync(ann, "the programs with an error");
        await ann.Page.FillAsync("#program-name", "build-server");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#program-secret")).ToBeFocusedAsync();
        var token = await ann.Page.InputValueAsync("#program-token");
        (await ann.Page.Locator("#program-curl").TextContentAsync()).Should()
            .Be($"curl -H 'Authorization: Bearer {token}' -d '{{\"text\":\"hello\"}}' http://127.0.0.1:{server.HttpPort}/api/rooms/workshop/messages");
        await Assertions.Expect(ann.Page.Locator("#program-list [data-name=build-server]")).ToBeVisibleAsync();
        foreach (var (width, theme) in new[] { (1440, ColorScheme.Light), (375, ColorScheme.Dark) })
        {
            await ann.Page.SetViewportSizeAsync(width, 812);
            await ann.Page.EmulateMediaAsync(new() { ColorScheme = theme });
            (await ann.Page.Locator("#programs").EvaluateAsync<bool>("node => node.scrollWidth <= node.clientWidth")).Should().BeTrue();
            await AccessibilityTests.ExpectCleanAsync(ann, $"a new token at {width} pixels");
        }

        await ann.Page.Context.GrantPermissionsAsync(["clipboard-read"]);
        await ann.Page.ClickAsync("[data-copy=program-hook]");
        var hook = await ann.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        hook.Should().Be($"http://127.0.0.1:{server.HttpPort}/hooks/{token}");
        (await PostAsync(hook)).Should().Be(HttpStatusCode.OK);
        await ann.ExpectMessageAsync("the build is green");

        // The page shows the token only once.
        await ann.Page.ClickAsync("#close-programs");
        await ann.Page.ClickAsync("#open-room-menu");
        await ann.Page.ClickAsync("#menu-items [data-item=programs]");
        await Assertions.Expect(ann.Page.Locator("#program-list [data-name=build-server]")).ToBeVisibleAsync();
        await Assertions.Expect(ann.Page.Locator("#program-secret")).ToBeHiddenAsync();
        (await ann.Page.ContentAsync()).Should().NotContain(token);

        await ann.Page.ClickAsync("#program-list [data-do=revoke]");
        await Assertions.Expect(ann.Page.Locator("#form-title")).ToHaveTextAsync("Revoke the token of build-server?");
        await Assertions.Expect(ann.Page.Locator("#form-no")).ToBeFocusedAsync();
        await ann.Page.ClickAsync("#form-yes");
        await Assertions.Expect(ann.Page.Locator("#form")).ToBeHiddenAsync();
        await Assertions.Expect(ann.Page.Locator("#program-list")).ToHaveTextAsync("No program has a token yet.");
        (await PostAsync(hook)).Should().Be(HttpStatusCode.NotFound);
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Owner_sets_a_webhook_then_retries_its_failed_events_and_removes_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 400);
        await using var server = await ServerUnderTest.StartAsync(WebhookRoom.Settings);
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann", options: new() { ReducedMotion = ReducedMotion.Reduce });
        await ann.SayAsync("/create workshop");
        await ann.ExpectInsideAsync("workshop");
        await ann.Page.ClickAsync("#open-room-menu");
        await ann.Page.ClickAsync("#menu-items [data-item=programs]");
        await Assertions.Expect(ann.Page.Locator("#webhook-remove")).ToBeHiddenAsync();
        await ann.Page.FillAsync("#webhook-url", "ftp://example.org");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#programs-note")).ToContainTextAsync("http");
        await ann.Page.FillAsync("#webhook-url", receiver.Url);
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#webhook-made")).ToBeFocusedAsync();
        await Assertions.Expect(ann.Page.Locator("#programs-note")).ToBeHiddenAsync();
        await ann.Page.Context.GrantPermissionsAsync(["clipboard-read"]);
        await ann.Page.ClickAsync("[data-copy=webhook-secret]");
        (await ann.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).Should().StartWith("whsec_");
        await Assertions.Expect(ann.Page.Locator("#webhook-state")).ToHaveTextAsync("No event waits for the delivery.");

        // The server stops the delivery of an event after the receiver has refused the event three times.
        await ann.Page.ClickAsync("#close-programs");
        await ann.SayAsync("hear this");
        await receiver.ExpectAsync(1);
        await ann.Page.ClickAsync("#open-room-menu");
        await ann.Page.ClickAsync("#menu-items [data-item=programs]");
        await Assertions.Expect(ann.Page.Locator("#webhook-secret")).ToHaveValueAsync("");
        await Assertions.Expect(ann.Page.Locator("#webhook-url")).ToHaveValueAsync(receiver.Url);
        for (var attempts = 2; attempts <= 3; attempts++)
        {
            await Assertions.Expect(ann.Page.Locator("#webhook-retry")).ToHaveTextAsync("Try now", Refreshed);
            await ann.Page.ClickAsync("#webhook-retry");
            await receiver.ExpectAsync(attempts);
        }

        await Assertions.Expect(ann.Page.Locator("#webhook-failed-list li")).ToContainTextAsync(["the receiver answered 400"], new() { Timeout = 30_000 });
        foreach (var (width, theme) in new[] { (1440, ColorScheme.Light), (375, ColorScheme.Dark) })
        {
            await ann.Page.SetViewportSizeAsync(width, 812);
            await ann.Page.EmulateMediaAsync(new() { ColorScheme = theme });
            (await ann.Page.Locator("#programs").EvaluateAsync<bool>("node => node.scrollWidth <= node.clientWidth")).Should().BeTrue();
            await AccessibilityTests.ExpectCleanAsync(ann, $"a webhook that fails, at {width} pixels");
        }

        receiver.Answer = (_, context) => WebhookReceiver.SetStatus(context, 204);
        await Assertions.Expect(ann.Page.Locator("#webhook-retry")).ToHaveTextAsync("Send again");
        await ann.Page.ClickAsync("#webhook-retry");
        await receiver.ExpectAsync(4);
        receiver.Texts.Should().OnlyContain(text => text == "hear this");
        await Assertions.Expect(ann.Page.Locator("#webhook-state")).ToHaveTextAsync("No event waits for the delivery.", Refreshed);
        await Assertions.Expect(ann.Page.Locator("#webhook-failed")).ToBeHiddenAsync();

        await ann.Page.ClickAsync("#webhook-remove");
        await Assertions.Expect(ann.Page.Locator("#form-title")).ToHaveTextAsync("Remove the webhook of #workshop?");
        await ann.Page.ClickAsync("#form-yes");
        await Assertions.Expect(ann.Page.Locator("#webhook-remove")).ToBeHiddenAsync();
        await Assertions.Expect(ann.Page.Locator("#webhook-url")).ToHaveValueAsync("");
        await Assertions.Expect(ann.Page.Locator("#webhook-url")).ToBeFocusedAsync();
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    // The dialog asks the server for the state every five seconds.
    private static LocatorAssertionsToHaveTextOptions Refreshed => new() { Timeout = 30_000 };

    private static async Task<HttpStatusCode> PostAsync(string address)
    {
        using var http = new HttpClient();
        using var body = new StringContent("""{"text":"the build is green"}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(address), body);
        return answer.StatusCode;
    }
}
