using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Starts Chromium for the tests in this folder. The fixtures run in parallel, but the tests of one fixture run one after another. Each NUnit
/// worker has its own browser, because an <see cref="IBrowser"/> is not thread-safe. Each tab that NewPageAsync opens has its own profile.
/// </summary>
[SetUpFixture]
[Parallelizable(ParallelScope.Self | ParallelScope.Fixtures)]
public sealed class Chromium
{
    // Chromium without a user interface. It needs only two thirds of the CPU time that the full browser needs.
    private const string Path = "/usr/bin/chromium-headless-shell";

    // The full browser, which also has notifications.
    private const string FullPath = "/usr/bin/chromium";

    // The last two features are internal pages of the browser's address bar. The browser would load these pages for each new profile, which
    // takes more CPU time than the tested page. The other features are those that Playwright disables. The list must repeat them, because
    // Chromium uses only the last --disable-features option.
    private static readonly string[] DisabledFeatures =
    [
        "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "DialMediaRouteProvider", "GlobalMediaControls", "HttpsUpgrades",
        "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "BlockOriginHeaderModificationOnRedirect",
        "AvoidCorsURLLoaderRestartOnRedirect", "Translate", "AutoDeElevate", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
        "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    ];

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-quic", "--no-first-run", $"--disable-features={string.Join(',', DisabledFeatures)}",
    ];

    private static readonly ConcurrentDictionary<string, Lazy<Task<IBrowser>>> Browsers = [];
    private static IPlaywright? Driver;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)TestWait.Timeout.TotalMilliseconds);
        // The driver is part of the package, in the output folder of the tests. The browser is installed on the system.
        Driver = await Playwright.CreateAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var browser in Browsers.Values)
            await (await browser.Value).CloseAsync();
        Driver?.Dispose();
    }

    /// <summary>Opens a tab in a new profile.</summary>
    public static async Task<IPage> NewPageAsync(BrowserNewContextOptions? options = null) =>
        await NewPageAsync(await Browsers.GetOrAdd(TestContext.CurrentContext.WorkerId!, _ => new(() => LaunchAsync(Path))).Value, options);

    /// <summary>Starts a browser that has notifications.</summary>
    public static Task<IBrowser> LaunchFullAsync() => LaunchAsync(FullPath);

    /// <summary>Opens a tab in a new profile of a browser.</summary>
    public static async Task<IPage> NewPageAsync(IBrowser browser, BrowserNewContextOptions? options = null)
    {
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout((float)TestWait.Timeout.TotalMilliseconds);
        return await context.NewPageAsync();
    }

    /// <summary>Starts a browser in its own process. The profile remains after the browser has ended.</summary>
    public static async Task<KillableBrowser> StartAsync(string profile)
    {
        File.Delete(System.IO.Path.Combine(profile, KillableBrowser.PortFile));
        var process = Process.Start(new ProcessStartInfo(Path, [.. Arguments, "--headless", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var port = "";
        await TestWait.UntilAsync(() => (port = KillableBrowser.ReadPort(profile)).Length > 0, "the browser's port");
        return new KillableBrowser(process, await Driver!.Chromium.ConnectOverCDPAsync($"http://127.0.0.1:{port}"));
    }

    private static Task<IBrowser> LaunchAsync(string path) => Driver!.Chromium.LaunchAsync(new()
    {
        ExecutablePath = path,
        Headless = true,
        Args = Arguments,
    });
}

/// <summary>A browser process that a test can kill.</summary>
public sealed class KillableBrowser(Process process, IBrowser browser) : IAsyncDisposable
{
    internal const string PortFile = "DevToolsActivePort";

    public async Task<ChatPage> OpenAsync(string url)
    {
        var context = browser.Contexts[0];
        context.SetDefaultTimeout((float)TestWait.Timeout.TotalMilliseconds);
        return await ChatPage.OpenAsync(await context.NewPageAsync(), url);
    }

    /// <summary>Kills all processes of the browser together, so the browser can write nothing more to its profile.</summary>
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

    internal static string ReadPort(string profile)
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
