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
            cells.Should().HaveCount(9, $"{way} was measured: {string.Join(", ", cells)}");
            cells[0].Should().Be("24");
            cells.Should().NotContain("");
        }

        foreach (var way in Ways)
            (await NumberAsync(ann, way, 3)).Should().Be(await NumberAsync(ann, "ws", 3), $"the same frames come by {way}");
        (await NumberAsync(ann, "longpoll", 1)).Should().BeGreaterThanOrEqualTo(12, "each answer is asked for");
        (await NumberAsync(ann, "ws", 2)).Should().BeLessThan(await NumberAsync(ann, "sse", 2));
        (await NumberAsync(ann, "sse", 2)).Should().BeLessThan(await NumberAsync(ann, "longpoll", 2));
        await Assertions.Expect(ann.Page.Locator("#lab .chart")).ToHaveCountAsync(2);
        if (Environment.GetEnvironmentVariable("RSC_LAB_SCREENSHOT") is { Length: > 0 } file)
            await ann.Page.ScreenshotAsync(new() { Path = file });

        await ann.Page.ClickAsync("#close-lab");
        await Patience.UntilAsync(() => server.Connections.All.Count(connection => connection.Way is "ws") == 1, "the lab's socket to end");
        await ann.SayAsync("/rooms");
        await ann.SayAsync("still here");
        await ann.ExpectAllSentAsync();
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Faults.Should().BeEmpty();
    }

    private static async Task<double> NumberAsync(ChatPage page, string way, int column) => double.Parse(
        await page.Page.Locator($"#lab tr[data-way={way}] td").Nth(column).InnerTextAsync(), System.Globalization.NumberStyles.AllowThousands | System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture);
}
