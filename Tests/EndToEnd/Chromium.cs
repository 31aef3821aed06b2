using System.Diagnostics;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>One real Chromium for this folder; every page gets a profile of its own.</summary>
[SetUpFixture]
public sealed class Chromium
{
    private const string Path = "/usr/bin/chromium";

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-quic", "--no-first-run",
    ];

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
            ExecutablePath = Path,
            Headless = true,
            Args = Arguments,
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

    /// <summary>A browser in a process of its own, with a profile that outlives it.</summary>
    public static async Task<MortalBrowser> StartAsync(string profile)
    {
        File.Delete(System.IO.Path.Combine(profile, MortalBrowser.PortFile));
        var process = Process.Start(new ProcessStartInfo(Path, [.. Arguments, "--headless=new", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var port = "";
        await Patience.UntilAsync(() => (port = MortalBrowser.PortOf(profile)).Length > 0, "the browser's port");
        return new MortalBrowser(process, await Driver!.Chromium.ConnectOverCDPAsync($"http://127.0.0.1:{port}"));
    }
}

/// <summary>A browser that can die at any moment.</summary>
public sealed class MortalBrowser(Process process, IBrowser browser) : IAsyncDisposable
{
    internal const string PortFile = "DevToolsActivePort";

    public async Task<ChatPage> OpenAsync(string url)
    {
        var context = browser.Contexts[0];
        context.SetDefaultTimeout((float)Patience.Bound.TotalMilliseconds);
        return await ChatPage.OpenAsync(await context.NewPageAsync(), url);
    }

    /// <summary>Ends it and all its processes at once, as a crash of the machine would.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        await browser.DisposeAsync();
        process.Dispose();
    }

    internal static string PortOf(string profile)
    {
        try
        {
            return File.ReadLines(Path.Combine(profile, PortFile)).FirstOrDefault() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
