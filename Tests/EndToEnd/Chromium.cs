using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>One real Chromium for this folder; every page gets a profile of its own.</summary>
[SetUpFixture]
public sealed class Chromium
{
    private static IPlaywright? Driver;
    private static IBrowser? Browser;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.Bound.TotalMilliseconds);
        // The driver comes with the package and lies beside the tests; the browser is the system's.
        Driver = await Playwright.CreateAsync();
        Browser = await Driver.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-quic", "--no-first-run",
            ],
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Browser is not null)
            await Browser.CloseAsync();
        Driver?.Dispose();
    }

    public static async Task<IPage> NewPageAsync(BrowserNewContextOptions? options = null)
    {
        var context = await Browser!.NewContextAsync(options);
        context.SetDefaultTimeout((float)Patience.Bound.TotalMilliseconds);
        return await context.NewPageAsync();
    }
}
