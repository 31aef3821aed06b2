using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A message as the page shows it. One that the server has not acknowledged has the seq 0.</summary>
public sealed record ShownMessage(long Seq, string State, string Author, string Text);

/// <summary>A person at client.html in a real browser.</summary>
public sealed class ChatPage : IAsyncDisposable
{
    private const string ReadMessages = """
        () => JSON.stringify([...document.querySelectorAll('#log .message')].map((node) => {
          const text = node.querySelector('.text').cloneNode(true);
          for (const extra of text.querySelectorAll('.mark, .author, svg')) extra.remove();
          const author = node.querySelector('.author')?.textContent ?? node.querySelector('.unseen').textContent.replace(/: $/, '');
          return { seq: Number(node.dataset.seq ?? 0), state: node.dataset.state, author, text: text.textContent };
        }))
        """;

    // Runs before the page's own script, so nothing escapes it.
    private const string WatchPolicy = """
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
        """;

    private readonly ConcurrentQueue<string> _faults = new();

    private ChatPage(IPage page)
    {
        Page = page;
        page.PageError += (_, fault) => _faults.Enqueue($"uncaught: {fault}");
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _faults.Enqueue($"{message.Type}: {message.Text}");
        };
        page.Dialog += (_, dialog) =>
        {
            _faults.Enqueue($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    public ILocator Input => Page.Locator("#input");

    public ILocator Messages => Page.Locator("#log .message");

    public ILocator Notices => Page.Locator("#log .notice");

    public ILocator Banner => Page.Locator("#banner");

    /// <summary>Uncaught errors, what the console warned of, and dialogs.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public static async Task<ChatPage> OpenAsync(string url, BrowserNewContextOptions? options = null, bool clock = false)
    {
        return await OpenAsync(await Chromium.NewPageAsync(options), url, clock);
    }

    /// <summary>The same in a tab that is there: one of two in the same browser, or one of a browser of its own.</summary>
    public static async Task<ChatPage> OpenAsync(IPage tab, string url, bool clock = false)
    {
        var page = new ChatPage(tab);
        await tab.AddInitScriptAsync(WatchPolicy);
        if (clock)
            await tab.Clock.InstallAsync();
        await tab.GotoAsync(url);
        return page;
    }

    /// <summary>Opens the page and waits until it is in the room.</summary>
    public static async Task<ChatPage> JoinAsync(int port, string name, string room = "lobby", BrowserNewContextOptions? options = null, bool clock = false, string? way = null)
    {
        var page = await OpenAsync($"http://127.0.0.1:{port}/?name={name}&room={room}{(way is null ? "" : $"&way={way}")}", options, clock);
        await page.ExpectInsideAsync(room);
        return page;
    }

    public async Task ExpectInsideAsync(string room)
    {
        await ExpectOnlineAsync();
        await Assertions.Expect(Page.Locator("#room-name")).ToHaveTextAsync($"#{room}");
    }

    /// <summary>Waits until the page says that it is connected by this way.</summary>
    public async Task ExpectWayAsync(string way)
    {
        await Assertions.Expect(Page.Locator("#my-state")).ToHaveAttributeAsync("data-way", way);
        await ExpectOnlineAsync();
    }

    /// <summary>Lets the page's own clock, which it must have been opened with, leap over the time that it gives a way to show something.</summary>
    public Task LetFirstFrameBeOverdueAsync() => Page.Clock.FastForwardAsync(7_000);

    public Task ExpectOnlineAsync() => Assertions.Expect(Banner).ToHaveAttributeAsync("data-state", "online");

    /// <param name="within">Milliseconds, where the usual patience would be too much.</param>
    public Task ExpectNotOnlineAsync(int? within = null) =>
        Assertions.Expect(Banner).Not.ToHaveAttributeAsync("data-state", "online", new() { Timeout = within });

    public async Task SayAsync(string text)
    {
        await Input.FillAsync(text);
        await Input.PressAsync("Enter");
    }

    public Task ExpectMessageAsync(string text) =>
        Assertions.Expect(Page.Locator("#log .message[data-state=sent] .text").Filter(new() { HasText = text }).First).ToBeAttachedAsync();

    public ILocator Unsent => Page.Locator("#log .message:not([data-state=sent])");

    public Task ExpectPendingAsync(int count) => Assertions.Expect(Page.Locator("#log .message[data-state=pending]")).ToHaveCountAsync(count);

    public Task ExpectAllSentAsync() => Assertions.Expect(Unsent).ToHaveCountAsync(0);

    public async Task<IReadOnlyList<ShownMessage>> ReadAsync() =>
        JsonSerializer.Deserialize<ShownMessage[]>(await Page.EvaluateAsync<string>(ReadMessages), JsonSerializerOptions.Web)!;

    public Task<string[]> ViolationsAsync() => Page.EvaluateAsync<string[]>("() => window.violations");

    /// <summary>Waits until the predicate, in the page's language, holds there.</summary>
    public Task UntilAsync(string predicate, object? argument = null) => Page.WaitForFunctionAsync(predicate, argument);

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
