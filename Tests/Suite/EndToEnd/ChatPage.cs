using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A message as the page shows it. <paramref name="Seq"/> is 0 if the server has not acknowledged it.</summary>
public sealed record ShownMessage(long Seq, string State, string Author, string Text);

/// <summary>client.html in a real browser.</summary>
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

    // The page draws only the messages near the view. So this script scrolls from the top of the log to its end. After each step it waits until
    // the page has drawn the messages of the view, and reads them.
    private const string ReadAllMessages = $$"""
        async () => {
          const log = document.getElementById('log'), read = {{ReadMessages}}, all = new Map();
          const isSpaceInView = () => {
            const view = log.getBoundingClientRect();
            return [...log.querySelectorAll('.space')].map((node) => node.getBoundingClientRect())
              .some((space) => space.height > 0 && space.bottom > view.top && space.top < view.bottom);
          };
          // If a message arrives before the scroll event, the page moves the log to its end again.
          for (let i = 0; i < 100 && (i === 0 || log.scrollTop > 0); i += 1) {
            log.scrollTop = 0;
            for (let frames = 0; frames < 2; frames += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
          }
          for (;; log.scrollTop += log.clientHeight) {
            for (let i = 0; i < 2 || (i < 1000 && isSpaceInView()); i += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
            const shown = new Set();
            for (const message of JSON.parse(read())) {
              all.set(shown.has(message.seq) ? `${message.seq} again` : message.seq, message);
              shown.add(message.seq);
            }
            if (log.scrollTop + log.clientHeight >= log.scrollHeight - 1) return JSON.stringify([...all.values()]);
          }
        }
        """;

    // Runs before the page's own script, so it records every violation.
    private const string WatchPolicy = """
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
        """;

    private readonly ConcurrentQueue<string> _errors = new();

    private ChatPage(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => _errors.Enqueue($"uncaught: {error}");
        page.Console += (_, message) =>
        {
            // A test that blocks service workers causes this warning itself.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Service Worker registration blocked", StringComparison.Ordinal))
                _errors.Enqueue($"{message.Type}: {message.Text}");
        };
        page.Dialog += (_, dialog) =>
        {
            _errors.Enqueue($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    public ILocator Input => Page.Locator("#input");

    public ILocator Messages => Page.Locator("#log .message");

    public ILocator Notices => Page.Locator("#log .notice");

    public ILocator Banner => Page.Locator("#banner");

    /// <summary>The uncaught errors, the warnings and errors in the console, and the dialogs.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    public static async Task<ChatPage> OpenAsync(string url, BrowserNewContextOptions? options = null, bool clock = false)
    {
        return await OpenAsync(await Chromium.NewPageAsync(options), url, clock);
    }

    /// <summary>Opens the page in an existing tab.</summary>
    public static async Task<ChatPage> OpenAsync(IPage tab, string url, bool clock = false)
    {
        var page = new ChatPage(tab);
        await tab.AddInitScriptAsync(WatchPolicy);
        if (clock)
            await tab.Clock.InstallAsync();
        await tab.GotoAsync(url);
        return page;
    }

    /// <summary>Opens the page and waits until it has joined the room.</summary>
    public static async Task<ChatPage> JoinAsync(int port, string name, string room = "lobby", BrowserNewContextOptions? options = null, bool clock = false, string? transport = null)
    {
        var page = await OpenAsync($"http://127.0.0.1:{port}/?name={name}&room={room}{(transport is null ? "" : $"&way={transport}")}", options, clock);
        await page.ExpectInsideAsync(room);
        return page;
    }

    public async Task ExpectInsideAsync(string room)
    {
        await ExpectOnlineAsync();
        // A private room shows a lock instead of the number sign.
        await Assertions.Expect(Page.Locator("#room-name")).ToHaveTextAsync(new Regex($"^#?{Regex.Escape(room)}$"));
    }

    /// <summary>Waits until the page shows that it is connected by this transport.</summary>
    public async Task ExpectTransportAsync(string transport)
    {
        await Assertions.Expect(Page.Locator("#my-state")).ToHaveAttributeAsync("data-way", transport);
        await ExpectOnlineAsync();
    }

    /// <summary>
    /// Advances the page's clock past the time limit for a transport's first frame. The page must have been opened with <c>clock: true</c>.
    /// </summary>
    public Task PassFirstFrameTimeoutAsync() => Page.Clock.FastForwardAsync(7_000);

    public Task ExpectOnlineAsync() => Assertions.Expect(Banner).ToHaveAttributeAsync("data-state", "online");

    /// <param name="within">The time limit in milliseconds, or null for the usual one.</param>
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

    /// <summary>Scrolls through the log and returns all messages that the page has. The page must have no unsent message, because all unsent messages
    /// have the seq 0, and the script identifies messages by their seq.</summary>
    public async Task<IReadOnlyList<ShownMessage>> ReadAllAsync() =>
        JsonSerializer.Deserialize<ShownMessage[]>(await Page.EvaluateAsync<string>(ReadAllMessages), JsonSerializerOptions.Web)!;

    public Task<string[]> ViolationsAsync() => Page.EvaluateAsync<string[]>("() => window.violations");

    /// <summary>Waits until the JavaScript predicate is true in the page.</summary>
    public Task UntilAsync(string predicate, object? argument = null) => Page.WaitForFunctionAsync(predicate, argument);

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
