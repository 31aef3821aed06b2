using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The diagnostics of the connection. Tests/Client/diagnostics.test.mjs checks that the report contains no secrets.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed partial class DiagnosticsTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Origins:FromDisk", "true");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Copied_report_of_the_connection_contains_no_messages_and_no_names()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "annabel");
        await ann.SayAsync("a very private message");
        await ann.ExpectMessageAsync("a very private message");
        await ann.SayAsync("/jion private-words");
        await Assertions.Expect(ann.Notices.Last).ToContainTextAsync("jion");

        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.ClickAsync("#open-diagnostics");
        // On a busy machine, an answer may take long.
        await Assertions.Expect(Fact(ann, "verdict")).ToHaveTextAsync(new Regex("^(Good|Slow: an answer takes .+)\\.$"));
        await Assertions.Expect(Fact(ann, "latency")).ToHaveTextAsync(Latency());
        await Assertions.Expect(Fact(ann, "transport")).ToHaveTextAsync("WebSocket. It is the best transport, and it works here.");
        await Assertions.Expect(Fact(ann, "reconnections")).ToHaveTextAsync("0");
        await Assertions.Expect(Fact(ann, "unsent")).ToHaveTextAsync("0");
        await Assertions.Expect(Fact(ann, "server")).ToContainTextAsync("RawSocketChat");
        await Assertions.Expect(Events(ann)).ToContainTextAsync(["Error: unknown-type", "Connected by WebSocket.", "Connecting to"]);

        await ann.Page.Context.GrantPermissionsAsync(["clipboard-read"]);
        await ann.Page.ClickAsync("#copy-diagnostics");
        var report = await ann.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        report.Should().StartWith("RawSocketChat diagnostics\n").And.Be((await ann.Page.Locator("#diagnostics-report").TextContentAsync())!);
        report.Should().Contain("transport: ws, best").And.MatchRegex("latency: last [0-9.]+ ms").And.Contain("""> {"type":"say",""").And.Contain("""< {"type":"message","room":"lobby",""").And.Contain("> /jion …");
        report.Should().NotContain("private").And.NotContain("annabel");
        foreach (var cookie in await ann.Page.Context.CookiesAsync())
            report.Should().NotContain(cookie.Value);

        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#diagnostics")).ToBeHiddenAsync();
        ann.Errors.Should().BeEmpty();
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Report_of_a_page_without_a_cookie_does_not_contain_its_token()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=filip&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        var token = await ann.Page.EvaluateAsync<string>("() => Object.values(sessionStorage).map((text) => JSON.parse(text)?.session).find(Boolean)");
        token.Should().NotBeNullOrEmpty();
        await ann.SayAsync("/diagnostics");
        await Assertions.Expect(Fact(ann, "transport")).ToHaveTextAsync("WebSocket. A page opened from disk can only use WebSocket.");
        var report = await ann.Page.Locator("#diagnostics-report").TextContentAsync();
        report.Should().Contain("""< {"type":"welcome","session":"…",""").And.NotContain(token);
    }

    [Test]
    public async Task Diagnostics_show_a_reconnect_and_the_number_of_unsent_messages()
    {
        await using var relay = new CuttableRelay(_server.HttpPort);
        await using var ann = await ChatPage.JoinAsync(relay.Port, "rita");
        relay.IsDown = true;
        relay.Reset();
        await ann.ExpectNotOnlineAsync();
        await ann.SayAsync("later");
        await ann.ExpectPendingAsync(1);

        await ann.Page.ClickAsync("#banner-details");
        await Assertions.Expect(Fact(ann, "unsent")).ToHaveTextAsync("1");
        await Assertions.Expect(Fact(ann, "since")).ToHaveTextAsync("Not connected.");
        await Assertions.Expect(Events(ann).First).ToContainTextAsync("Reconnecting");
        relay.IsDown = false;
        await ann.Page.EvaluateAsync("() => { window.dispatchEvent(new Event('online')); }");
        await Assertions.Expect(Fact(ann, "reconnections")).ToHaveTextAsync("1");
        await Assertions.Expect(Fact(ann, "unsent")).ToHaveTextAsync("0");
        await Assertions.Expect(Events(ann).First).ToContainTextAsync("Connected by WebSocket.");
        await ann.Page.ClickAsync("#copy-diagnostics");
        (await ann.Page.Locator("#diagnostics-report").TextContentAsync()).Should().MatchRegex("Z reconnecting ws.*\n(.*\n)*.*Z online ws\n").And.Contain("reconnections: 1");
    }

    [Test]
    public async Task Diagnostics_say_which_transport_the_person_has_chosen_and_measure_it()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "lola", transport: "longpoll");
        await ann.SayAsync("/diagnostics");
        await Assertions.Expect(Fact(ann, "transport")).ToHaveTextAsync("long-polling. You have chosen it in the settings.");
        await Assertions.Expect(Fact(ann, "latency")).ToHaveTextAsync(Latency());
        await Assertions.Expect(ann.Page.Locator("#diagnostics-report")).ToContainTextAsync("transport: longpoll, chosen");
    }

    [Test]
    public async Task Second_tab_says_that_it_uses_the_connection_of_the_first_one()
    {
        await using var first = await ChatPage.JoinAsync(_server.HttpPort, "tabea");
        var second = await ChatPage.OpenAsync(await first.Page.Context.NewPageAsync(), first.Page.Url);
        await second.ExpectInsideAsync("lobby");
        await second.SayAsync("/diagnostics");
        await Assertions.Expect(Fact(second, "transport")).ToHaveTextAsync("WebSocket. This tab uses the connection of another tab.");
        await Assertions.Expect(Fact(second, "latency")).ToHaveTextAsync(Latency());
    }

    [Test]
    public async Task Keyboard_alone_opens_and_closes_the_diagnostics_in_another_language()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "greta", options: new() { Locale = "de", ViewportSize = new() { Width = 375, Height = 812 } });
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        await ann.Page.Keyboard.PressAsync("Control+K");
        await ann.Page.Keyboard.TypeAsync("diagnos");
        await Assertions.Expect(ann.Page.Locator("#switcher-list [data-kind=diagnostics]")).ToHaveAttributeAsync("aria-selected", "true");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#diagnostics-title")).ToHaveTextAsync("Verbindungsdiagnose");
        await Assertions.Expect(ann.Page.Locator("#diagnostics-facts dt").Nth(1)).ToHaveTextAsync("Latenz");
        await Assertions.Expect(ann.Page.Locator("#diagnostics-report")).ToContainTextAsync("unsent messages: 0 waiting, 0 failed");
        (await ann.Page.EvaluateAsync<int>("() => { const list = document.querySelector('#diagnostics .scrolled'); return list.scrollWidth - list.clientWidth; }")).Should().BeLessThanOrEqualTo(0, "nothing is cut");
        await AccessibilityTests.ExpectCleanAsync(ann, "the diagnostics in German");
        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#diagnostics")).ToBeHiddenAsync();
        ann.Errors.Should().BeEmpty();
    }

    private static ILocator Fact(ChatPage page, string fact) => page.Page.Locator($"#diagnostics-facts [data-fact={fact}]");

    private static ILocator Events(ChatPage page) => page.Page.Locator("#diagnostics-events li");

    [GeneratedRegex(@"^[\d.,]+ ms, median [\d.,]+ ms, longest [\d.,]+ ms$")]
    private static partial Regex Latency();
}
