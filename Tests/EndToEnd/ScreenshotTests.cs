using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The README's picture, taken of the real thing: <c>Tests/EndToEnd/screenshot</c> keeps a new one.</summary>
public sealed class ScreenshotTests
{
    private const int MostBytes = 300 * 1024;

    /// <summary>Who says what, and how many seconds after the one before. The last one is at nc.</summary>
    private static readonly (string Name, string Text, int After)[] Talk =
    [
        ("mira", "Morning! The new build is up on the test machine.", 0),
        ("mira", "Same address as before: https://chat.example.org", 11),
        ("theo", "Nice, that was quick. Anything in it we should look at?", 96),
        ("mira", "Reconnecting. Pull the cable in the middle of a message, plug it back in, tell me if anything is missing.", 48),
        ("jonas", "Challenge accepted 😄", 33),
        ("jonas", "/me walks over to the switch", 21),
        ("theo", "Not the one with the coffee machine on it, please", 17),
        ("jonas", "Done. Three times, once while typing. Nothing lost, nothing twice.", 215),
        ("ada", "I’m in from wscat on the build server, no browser there. Works the same.", 64),
        ("mira", "That’s the point: ada, can you say something odd?", 29),
        ("ada", "<script>alert(\"hi\")</script> & 100 % naïve ☕", 40),
        ("nils", "hello from plain nc on a Raspberry Pi. I can even fix my typos: /jion gave me /join", 75),
    ];

    [Test]
    public async Task A_lively_room_makes_a_picture()
    {
        // Both ends have this clock, so that the picture is the same whenever it is taken. It leaps: nobody could answer a ping in time.
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 9, 58, 12, TimeSpan.Zero));
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Connections:PingSeconds", "3600");

        var people = new Dictionary<string, ChatClient>();
        await using var leaving = new AsyncDisposables(people.Values);
        foreach (var name in Talk.Select(line => line.Name).Where(name => name != "nils").Distinct())
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

        foreach (var (name, text, after) in Talk)
        {
            time.Advance(TimeSpan.FromSeconds(after));
            if (name == "nils")
                await nils.TypeAsync(text);
            else
                await people[name].SendAsync(text.StartsWith('/') ? text : JsonSerializer.Serialize(new { type = "say", room = "lobby", text }));
            await people["ada"].Inbox.ExpectAsync<MessageFrame>(message => message.From.Name == name && message.Room == "lobby");
        }

        await lena.ExpectMessageAsync(Talk[^1].Text);
        time.Advance(TimeSpan.FromSeconds(50));
        await lena.SayAsync("Welcome, nils. That’s all three ways in then: browser, wscat and nc.");
        await lena.ExpectMessageAsync("Welcome, nils.");
        await people["mira"].SendAsync("""{"type":"say","room":"builds","text":"Build 412 is green"}""");
        await Assertions.Expect(lena.Page.Locator("#rooms [data-room=builds]")).ToHaveAttributeAsync("data-unread", "1");
        (await lena.ReadAsync()).Should().HaveCount(Talk.Length + 1);

        var picture = await lena.Page.ScreenshotAsync(new() { Type = ScreenshotType.Png, Animations = ScreenshotAnimations.Disabled });
        picture.Length.Should().BeInRange(20_000, MostBytes);
        if (Environment.GetEnvironmentVariable("RAWSOCKETCHAT_SCREENSHOT") is { Length: > 0 } path)
            await File.WriteAllBytesAsync(path, picture);
    }

    /// <summary>Lets go of the clients before the server, whose clock no longer moves, would wait for them.</summary>
    private sealed class AsyncDisposables(IReadOnlyCollection<IAsyncDisposable> all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var one in all)
                await one.DisposeAsync();
        }
    }
}
