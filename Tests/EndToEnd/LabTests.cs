using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The transport lab: every way at once, from a page that chats meanwhile. The README's picture of it is taken by
/// <c>RSC_LAB_SCREENSHOT=$PWD/Tests/EndToEnd/lab.png Tests/run LabTests</c>.
/// </summary>
public sealed class LabTests
{
    private static readonly string[] Ways = ["poll", "longpoll", "iframe", "stream", "sse", "ws"];

    [Test]
    public async Task It_measures_every_way_and_leaves_nothing_behind()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToHaveTextAsync("Done.", new() { Timeout = 90_000 });

        foreach (var way in Ways)
        {
            var row = ann.Page.Locator($"#lab tr[data-way={way}]");
            await Assertions.Expect(row).ToHaveAttributeAsync("data-lost", "0");
            var cells = await row.Locator("td").AllInnerTextsAsync();
            cells.Should().HaveCount(12, $"{way} was measured: {string.Join(", ", cells)}");
            cells[0].Should().Be("24");
            cells.Should().NotContain("");
        }

        var heads = await ann.Page.Locator("#lab thead tr").Nth(0).Locator("th, td").AllInnerTextsAsync();
        heads.Should().Equal("way", "", "bytes", "delivery, ms", "to the wire, ms", "wire to page, ms", "cut, ms");

        foreach (var way in Ways)
            (await NumberAsync(ann, way, 3)).Should().Be(await NumberAsync(ann, "ws", 3), $"the same frames come by {way}");
        (await NumberAsync(ann, "longpoll", 1)).Should().BeGreaterThanOrEqualTo(12, "each answer is asked for");
        (await NumberAsync(ann, "ws", 2)).Should().BeLessThan(await NumberAsync(ann, "sse", 2));
        (await NumberAsync(ann, "sse", 2)).Should().BeLessThan(await NumberAsync(ann, "longpoll", 2));
        // What measuring costs is nobody's: 24 frames' headers of four bytes (RFC 6455, section 5.2), 24 newlines.
        (await NumberAsync(ann, "ws", 2)).Should().Be(96);
        (await NumberAsync(ann, "stream", 2)).Should().Be(24);
        await ShouldBeSplitAsync(ann);
        await Assertions.Expect(ann.Page.Locator("#lab .chart")).ToHaveCountAsync(2);
        await Assertions.Expect(ann.Page.Locator("#lab .chart").Nth(1).Locator(".bar")).ToHaveCountAsync(5);
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Start again");
        if (Environment.GetEnvironmentVariable("RSC_LAB_SCREENSHOT") is { Length: > 0 } file)
        {
            await ann.Page.SetViewportSizeAsync(1280, 960);
            await ann.Page.ScreenshotAsync(new() { Path = file });
        }

        await ann.Page.ClickAsync("#close-lab");
        await Patience.UntilAsync(() => server.Connections.All.Count(connection => connection.Way is "ws") == 1, "the lab's socket to end");
        await ann.SayAsync("/rooms");
        await ann.SayAsync("still here");
        await ann.ExpectAllSentAsync();
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Faults.Should().BeEmpty();
    }

    [Test]
    public async Task It_can_be_stopped_and_leaves_nothing_behind_either()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToContainTextAsync("Nobody speaks", new() { Timeout = 30_000 });
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Stop");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToHaveTextAsync("Stopped.", new() { Timeout = 5_000 });
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Start again");
        await Patience.UntilAsync(() => server.Connections.All.Count(connection => connection.Way is "ws") == 1, "the lab's socket to end");
        ann.Faults.Should().BeEmpty();
    }

    // Both parts of each delivery, by the difference of two clocks that the page states with its error.
    private static async Task ShouldBeSplitAsync(ChatPage page)
    {
        await Assertions.Expect(page.Page.Locator("#lab-clocks")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^The server’s clock is \d+\.\d ms (behind|ahead of) this page’s, give or take \d+\.\d ms"));
        foreach (var way in Ways)
        {
            for (var column = 5; column <= 10; column++)
                (await NumberAsync(page, way, column)).Should().BeGreaterThanOrEqualTo(0, $"{way}, column {column}");
        }
    }

    private static async Task<double> NumberAsync(ChatPage page, string way, int column) => double.Parse(
        await page.Page.Locator($"#lab tr[data-way={way}] td").Nth(column).InnerTextAsync(), System.Globalization.NumberStyles.AllowThousands | System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture);
}
