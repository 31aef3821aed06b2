using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Takes the README's screenshot from the real page. The script <c>Tests/Suite/EndToEnd/screenshot</c> stores a new one.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ScreenshotTests
{
    private const int MaxBytes = 300 * 1024;

    /// <summary>The conversation: sender, text, and seconds after the previous message. The last sender uses nc.</summary>
    private static readonly (string Name, string Text, int After)[] Conversation =
    [
        ("mira", "Morning! The new build is up on the test machine.", 0),
        ("mira", "Same address as before: https://chat.example.org", 11),
        ("theo", "Nice, that was quick. Anything in it we should look at?", 96),
        ("mira", "**Reconnecting.** Pull the cable in the middle of a message, plug it back in, tell me if anything is missing.", 48),
        ("jonas", "Challenge accepted 😄", 33),
        ("jonas", "/me walks over to the switch", 21),
        ("theo", "Not the one with the coffee machine on it, please", 17),
        ("jonas", "Done. Three times, once while typing. Nothing lost, nothing twice.", 215),
        ("ada", "I’m in from `wscat` on the build server, no browser there. Works the same.", 64),
        ("mira", "@lena, that’s the point. And ada, can you say something odd?", 29),
        ("ada", "<script>alert(\"hi\")</script> & 100 % naïve ☕", 40),
        ("nils", "hello from plain nc on a Raspberry Pi. I can even fix my typos: /jion gave me /join", 75),
    ];

    [Test]
    public async Task Page_shows_the_conversation_of_the_screenshot()
    {
        // The server and the page use this clock, so that the screenshot is always the same. The server sends no pings for an hour, because
        // no client could answer a ping in time when the clock jumps.
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 9, 58, 12, TimeSpan.Zero));
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Connections:PingSeconds", "3600");

        var people = new Dictionary<string, ChatClient>();
        await using var leaving = new AsyncDisposables(people.Values);
        foreach (var name in Conversation.Select(line => line.Name).Where(name => name != "nils").Distinct())
            people[name] = (await ChatClient.JoinAsync(server.HttpPort, name)).Client;
        foreach (var (room, topic) in new[] { ("builds", "What the build machine has to say"), ("lunch", "12:30, as ever"), ("music", "") })
            await people["mira"].SendAsync($"/create {room} {topic}");
        await using var nils = Terminal.Run("nc", "127.0.0.1", $"{server.RawPort}");
        await nils.TypeAsync("/nick nils");
        await nils.TypeAsync("/join lobby");
        await nils.ExpectAsync("you are in #lobby");

        await using var lena = await ChatPage.OpenAsync("about:blank", new()
        {
            ColorScheme = ColorScheme.Light,
            ViewportSize = new() { Width = 1180, Height = 950 },
            DeviceScaleFactor = 1.5f,
            Locale = "en-GB",
            TimezoneId = "UTC",
        });
        await lena.Page.Clock.SetFixedTimeAsync(time.GetUtcNow().UtcDateTime.AddMinutes(12));
        await lena.Page.GotoAsync($"http://127.0.0.1:{server.HttpPort}/?name=lena&room=lobby");
        await lena.ExpectInsideAsync("lobby");
        foreach (var room in (string[])["builds", "lunch", "lobby"])
        {
            await lena.SayAsync($"/join {room}");
            await lena.ExpectInsideAsync(room);
        }

        foreach (var (name, text, after) in Conversation)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            if (name == "nils")
                await nils.TypeAsync(text);
            else
                await people[name].SendAsync(text.StartsWith('/') ? text : JsonSerializer.Serialize(new { type = "say", room = "lobby", text }));
            await people["ada"].Inbox.ExpectAsync<MessageFrame>(message => message.From.Name == name && message.Room == "lobby");
        }

        await lena.ExpectMessageAsync(Conversation[^1].Text);
        var done = people["ada"].Inbox.All.OfType<MessageFrame>().Single(message => message.Text.StartsWith("Done.", StringComparison.Ordinal));
        foreach (var name in (string[])["mira", "theo"])
            await people[name].SendAsync(JsonSerializer.Serialize(new { type = "react", room = "lobby", seq = done.Seq, emoji = "😄" }));
        await Assertions.Expect(lena.Page.Locator("#log .chip")).ToHaveTextAsync("😄 2");
        time.Advance(TimeSpan.FromSeconds(50));
        await lena.SayAsync("Welcome, nils. That’s all three ways in then: browser, wscat and nc.");
        await lena.ExpectMessageAsync("Welcome, nils.");
        await people["mira"].SendAsync("""{"type":"say","room":"builds","text":"Build 412 is green"}""");
        await Assertions.Expect(lena.Page.Locator("#rooms [data-room=builds]")).ToHaveAttributeAsync("data-unread", "1");
        (await lena.ReadAsync()).Should().HaveCount(Conversation.Length + 1);

        var screenshot = await lena.Page.ScreenshotAsync(new() { Type = ScreenshotType.Png, Animations = ScreenshotAnimations.Disabled });
        screenshot.Length.Should().BeInRange(20_000, MaxBytes);
        if (Environment.GetEnvironmentVariable("RAWSOCKETCHAT_SCREENSHOT") is { Length: > 0 } path)
            await File.WriteAllBytesAsync(path, screenshot);
    }

    /// <summary>
    /// Closes the clients before the server stops. Otherwise the server would wait for the clients forever, because its clock does not
    /// advance.
    /// </summary>
    private sealed class AsyncDisposables(IReadOnlyCollection<IAsyncDisposable> all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var one in all)
                await one.DisposeAsync();
        }
    }
}
