using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A browser in which the page's script cannot run shows a text, not an empty page.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class UnsupportedBrowserTests
{
    private const string Baseline = "Chrome or Edge 123, Firefox 124, Safari 17.5, or newer";

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("delete Promise.withResolvers", "Promise.withResolvers")]
    [TestCase("delete Object.hasOwn", "Object.hasOwn")]
    [TestCase("CSS.supports = () => false", "light-dark()")]
    public async Task Page_shows_which_feature_an_old_browser_does_not_have(string change, string missing)
    {
        await using var page = await ChatPage.OpenAsync("about:blank");
        await page.Page.AddInitScriptAsync(change);
        await page.Page.GotoAsync(Url);
        await ExpectTextAsync(page, $"This browser is too old for the page: it does not have {(missing == "light-dark()" ? "the CSS function " : "")}{missing}.");
    }

    [Test]
    public async Task Page_says_that_the_browser_blocks_a_changed_script()
    {
        await using var page = await ChatPage.OpenAsync("about:blank");
        await page.Page.RouteAsync("**/*", async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("License: MIT", "Changed by a proxy", StringComparison.Ordinal) });
        });
        await page.Page.GotoAsync(Url);
        await ExpectTextAsync(page, "an extension or a proxy has blocked or changed the page");
    }

    [Test]
    public async Task Page_says_that_JavaScript_is_switched_off()
    {
        await using var page = await ChatPage.OpenAsync(Url, new() { JavaScriptEnabled = false });
        // Read the inner text, because Playwright's locators ignore the text of noscript.
        (await page.Page.InnerTextAsync("body")).Should().Contain("JavaScript is switched off").And.Contain(Baseline);
    }

    [Test]
    public async Task Page_shows_no_warning_if_its_script_runs()
    {
        await using var page = await ChatPage.OpenAsync(Url);
        await Assertions.Expect(page.Page.Locator("#join")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator("#fallback")).ToBeHiddenAsync();
    }

    private string Url => $"http://127.0.0.1:{_server.HttpPort}/";

    private static async Task ExpectTextAsync(ChatPage page, string text)
    {
        await Assertions.Expect(page.Page.Locator("#fallback")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.Locator("#fallback")).ToContainTextAsync(text);
        await Assertions.Expect(page.Page.Locator("#fallback")).ToContainTextAsync(Baseline);
    }
}
