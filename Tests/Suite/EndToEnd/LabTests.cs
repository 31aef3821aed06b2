using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The transport lab compares all transports at the same time, while the page chats. This command also stores a picture of the lab in a file:
/// <c>RSC_LAB_SCREENSHOT=$PWD/Tests/Suite/EndToEnd/lab.png Tests/run LabTests</c>.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class LabTests
{
    private static readonly string[] Transports = ["poll", "longpoll", "iframe", "stream", "sse", "ws"];

    // Browsers open at most six connections to one server over HTTP/1.1.
    [Test]
    public async Task Lab_leaves_one_of_six_connections_for_messages_if_a_proxy_rejects_WebSockets()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var proxy = await RestrictiveProxy.StartAsync(server.HttpPort);
        proxy.WebSocketRefusalStatus = 403;
        await using var ann = await ChatPage.JoinAsync(proxy.Port, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToContainTextAsync("Somebody writes: 3 ", new() { Timeout = 60_000 });
        await Assertions.Expect(ann.Page.Locator("#lab tr[data-way=ws]")).ToContainTextAsync("WebSocket");
        proxy.MaxReads.Should().Be(5);
    }

    [Test]
    public async Task Lab_measures_every_transport_and_closes_its_connections()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToHaveTextAsync("Done.", new() { Timeout = 90_000 });

        foreach (var transport in Transports)
        {
            var row = ann.Page.Locator($"#lab tr[data-way={transport}]");
            await Assertions.Expect(row).ToHaveAttributeAsync("data-lost", "0");
            var cells = await row.Locator("td").AllInnerTextsAsync();
            cells.Should().HaveCount(12, $"{transport} was measured: {string.Join(", ", cells)}");
            cells[0].Should().Be("24");
            cells.Should().NotContain("");
        }

        var heads = await ann.Page.Locator("#lab thead tr").Nth(0).Locator("th, td").AllInnerTextsAsync();
        heads.Should().Equal("connection", "", "bytes", "delivery, ms", "waiting, ms", "on the way, ms", "cut, ms");

        foreach (var transport in Transports)
            (await NumberAsync(ann, transport, 3)).Should().Be(await NumberAsync(ann, "ws", 3), $"the same frames arrive by {transport}");
        (await NumberAsync(ann, "longpoll", 1)).Should().BeGreaterThanOrEqualTo(12, "each answer needs a request");
        (await NumberAsync(ann, "ws", 2)).Should().BeLessThan(await NumberAsync(ann, "sse", 2));
        (await NumberAsync(ann, "sse", 2)).Should().BeLessThan(await NumberAsync(ann, "longpoll", 2));
        // The overhead of the measurement itself is not counted. 24 WebSocket frames have headers of four bytes (RFC 6455, section 5.2); each of 24 lines has a newline.
        (await NumberAsync(ann, "ws", 2)).Should().Be(96);
        (await NumberAsync(ann, "stream", 2)).Should().Be(24);
        await ShouldSplitDeliveriesAsync(ann);
        await Assertions.Expect(ann.Page.Locator("#lab .chart")).ToHaveCountAsync(2);
        await Assertions.Expect(ann.Page.Locator("#lab .chart").Nth(1).Locator(".bar")).ToHaveCountAsync(5);
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Start again");
        if (Environment.GetEnvironmentVariable("RSC_LAB_SCREENSHOT") is { Length: > 0 } file)
        {
            await ann.Page.SetViewportSizeAsync(1280, 960);
            await ann.Page.ScreenshotAsync(new() { Path = file });
        }

        await ann.Page.ClickAsync("#close-lab");
        await TestWait.UntilAsync(() => server.Connections.All.Count(connection => connection.TransportName is "ws") == 1, "the end of the lab's WebSocket");
        await ann.SayAsync("/rooms");
        await ann.SayAsync("still here");
        await ann.ExpectAllSentAsync();
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Stopped_lab_closes_its_connections()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToContainTextAsync("Nobody writes", new() { Timeout = 30_000 });
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Stop");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#lab-state")).ToHaveTextAsync("Stopped.", new() { Timeout = 5_000 });
        await Assertions.Expect(ann.Page.Locator("#start-lab")).ToHaveTextAsync("Start again");
        await TestWait.UntilAsync(() => server.Connections.All.Count(connection => connection.TransportName is "ws") == 1, "the end of the lab's WebSocket");
        ann.Errors.Should().BeEmpty();
    }

    // The page splits the time of each delivery into two parts: the time until the server writes the message, and the time after that. To do
    // so, the page estimates the difference between the server's clock and its own clock. The page also shows the error of this estimate.
    private static async Task ShouldSplitDeliveriesAsync(ChatPage page)
    {
        await Assertions.Expect(page.Page.Locator("#lab-clocks")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^The server’s clock is \d+\.\d ms (behind|ahead of) this page’s clock, give or take \d+\.\d ms"));
        foreach (var transport in Transports)
        {
            for (var column = 5; column <= 10; column++)
                (await NumberAsync(page, transport, column)).Should().BeGreaterThanOrEqualTo(0, $"{transport}, column {column}");
        }
    }

    private static async Task<double> NumberAsync(ChatPage page, string transport, int column) => double.Parse(
        await page.Page.Locator($"#lab tr[data-way={transport}] td").Nth(column).InnerTextAsync(), System.Globalization.NumberStyles.AllowThousands | System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture);
}
