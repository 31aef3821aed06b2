using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Long logs in the page, with up to 120,500 messages. The tests give the messages to the page's own WebSocket, so the page handles them as
/// if the server had sent them. The tests print times. They check only ratios of times, because the times depend on the load of the machine.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class LongLogTests
{
    private const int Count = 100_000;

    private const int Few = 1_000;

    private const string Typed = "written while others write";

    /// <summary>The shortest task, in milliseconds, that a browser reports as a long task. In a ratio, a shorter task counts as this long.</summary>
    private const double LongTask = 50;

    /// <summary>The duration of a frame in milliseconds. In a ratio, a shorter time until the next paint counts as this long.</summary>
    private const double Frame = 1_000.0 / 60;

    // The page uses onmessage, so it handles an event that the test dispatches like an event from the network.
    private const string Feeder = """
        const sockets = [];
        let joined = null;
        window.WebSocket = class extends WebSocket {
          constructor(...given) {
            super(...given);
            sockets.push(this);
            this.addEventListener('message', ({ data }) => { if (data.includes('"joined"')) joined = JSON.parse(data); });
          }
        };
        const longText = ' and so on, until the text needs several lines of a window of ordinary width'.repeat(2);
        let seq = 1_000;
        const receive = (frame) => sockets.at(-1).dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
        const next = (more) => {
          seq += 1;
          const person = Math.floor(seq / 3) % 40;
          return { type: 'message', room: 'lobby', seq, at: new Date(Date.now() - 1_000).toISOString(), from: { user: `u${person}`, name: `person ${person}` },
            text: `said ${seq}${seq % 7 === 0 ? longText : ''}`, ...more };
        };
        window.feed = (count, more = {}) => {
          for (let i = 0; i < count; i += 1) receive(next(more));
          return seq;
        };
        // The page accepts any number of messages in the answer to a join.
        window.fill = async (count) => {
          const messages = Array.from({ length: count }, () => next({}));
          receive({ ...joined, id: undefined, seq, messages, read: seq, unread: 0 });
          while (!document.querySelector(`#log .message[data-seq="${seq}"]`)) await window.frame();
        };
        window.feedMany = async (count) => {
          for (let left = count; left > 0; left -= 2_000) {
            window.feed(Math.min(left, 2_000));
            await new Promise((resolve) => { setTimeout(resolve); });
          }
          const last = document.getElementById('log');
          while (!last.querySelector(`.message[data-seq="${seq}"]`)) await new Promise((resolve) => { requestAnimationFrame(resolve); });
        };
        window.longTasks = [];
        new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ['longtask'] });
        window.countRows = () => {
          const log = document.getElementById('log');
          const counts = { added: 0, removed: 0 };
          new MutationObserver((records) => {
            for (const { addedNodes, removedNodes } of records) { counts.added += addedNodes.length; counts.removed += removedNodes.length; }
          }).observe(log, { childList: true });
          return counts;
        };
        window.frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
        """;

    // Counts the gaps in the view. The script tests one point every 40 px. A point that is more than 20 px from every row is a gap.
    private const string Gaps = """
        () => {
          const log = document.getElementById('log'), box = log.getBoundingClientRect(), rows = [...log.children].filter((row) => row.className !== 'space').map((row) => row.getBoundingClientRect());
          let gaps = 0;
          for (let y = box.top + 60; y < box.bottom - 60; y += 40) if (!rows.some(({ top, bottom }) => top - 20 <= y && y <= bottom + 20)) gaps += 1;
          return gaps;
        }
        """;

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Hundred_thousand_messages_need_few_nodes_and_little_work()
    {
        await using var ann = await OpenAsync();
        var devTools = await ann.Page.Context.NewCDPSessionAsync(ann.Page);
        await devTools.SendAsync("Performance.enable");
        var empty = await MeasureAsync(devTools);

        // For comparison, scroll in the same way with few messages. Ignore the first run, because the browser compiles the script during this run.
        await ann.Page.EvaluateAsync("count => window.fill(count)", Few);
        await ScrollAsync(ann);
        await GoToNewestAsync(ann);
        var fewSteps = await ScrollAsync(ann);
        await GoToNewestAsync(ann);

        var fed = Stopwatch.StartNew();
        await ann.Page.EvaluateAsync("count => window.fill(count)", Count - Few);
        Print("100,000 messages arrived", fed.Elapsed);
        var full = await MeasureAsync(devTools);
        var heap = (full["JSHeapUsedSize"] - empty["JSHeapUsedSize"]) / 1_000_000;
        var rows = await ann.Page.Locator("#log > *").CountAsync();
        TestContext.Out.WriteLine($"nodes of the document: {full["Nodes"]} (rows of the log: {rows}); JavaScript heap of the messages: {heap:F0} MB");
        rows.Should().BeLessThanOrEqualTo(500);
        full["Nodes"].Should().BeLessThan(20_000, "only the rows near the view are in the document");
        heap.Should().BeLessThan(120, "a message needs about 600 bytes");

        var steps = await ScrollAsync(ann);
        var scrolled = await MeasureAsync(devTools);
        var layouts = (scrolled["LayoutCount"] - full["LayoutCount"]) / steps.Count;
        TestContext.Out.WriteLine($"{steps.Count} steps of scrolling: {steps.Milliseconds / steps.Count:F0} ms each ({fewSteps.Milliseconds / fewSteps.Count:F0} ms with 1,000 messages), longest task {steps.LongestTask:F0} ms ({fewSteps.LongestTask:F0} ms with 1,000 messages), {layouts:F1} layouts each, at most {steps.MostAdded} rows added in one step and {steps.MostRows} rows in the log");
        steps.Gaps.Should().Be(0, "the reader sees rows at each position");
        steps.MostRows.Should().BeLessThanOrEqualTo(500);
        steps.MostAdded.Should().BeLessThan(300);
        layouts.Should().BeLessThan(12);
        (steps.Milliseconds / fewSteps.Milliseconds).Should().BeLessThan(4, "scrolling does not depend on the number of messages");
        (Math.Max(steps.LongestTask, LongTask) / Math.Max(fewSteps.LongestTask, LongTask)).Should().BeLessThan(6, "no task goes through the whole log");

        // The reader returns to the end. For a new message the page draws only a few rows, however many messages the log has.
        await GoToNewestAsync(ann);
        await ann.Page.EvaluateAsync("""
            () => {
              const input = document.getElementById('input');
              input.focus();
              window.times = [];
              input.addEventListener('input', ({ timeStamp }) => requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => window.times.push(performance.now() - timeStamp); // the browser has painted the frame
                port2.postMessage(null);
              }));
            }
            """);
        await ann.Page.Keyboard.TypeAsync(Typed, new() { Delay = 30 });
        var quiet = Median(await ann.Page.EvaluateAsync<double[]>("() => window.times.splice(0)"));
        await ann.Input.FillAsync("");
        await ann.Page.EvaluateAsync("""
            async () => {
              const counts = window.countRows();
              window.times.length = window.longTasks.length = 0;
              window.typed = () => JSON.stringify({ ...counts, times: window.times, longest: Math.max(0, ...window.longTasks) });
              let said = 0;
              await new Promise((resolve) => { window.flood = setInterval(() => { window.feed(1); if (++said === 50) resolve(); }, 20); });
              window.fed = () => said;
            }
            """);
        await ann.Page.Keyboard.TypeAsync(Typed, new() { Delay = 30 });
        var typing = JsonSerializer.Deserialize<Typing>(await ann.Page.EvaluateAsync<string>("() => { clearInterval(window.flood); return window.typed(); }"), JsonSerializerOptions.Web)!;
        var fedMessages = await ann.Page.EvaluateAsync<int>("() => window.fed()");
        await Assertions.Expect(ann.Input).ToHaveValueAsync(Typed);
        typing.Times.Should().NotBeEmpty();
        var flooded = Median(typing.Times);
        TestContext.Out.WriteLine($"from key press to paint while 50 messages/s arrive: median {flooded:F0} ms ({quiet:F0} ms while nobody writes), longest {typing.Times.Max():F0} ms; {(double)typing.Added / fedMessages:F1} rows added for each message, longest task {typing.Longest:F0} ms");
        ((double)typing.Added / fedMessages).Should().BeLessThan(4, "the page does not draw the log again for each message");
        (Math.Max(flooded, Frame) / Math.Max(quiet, Frame)).Should().BeLessThan(6, "a person can type while others write");

        // The page now receives more messages than it keeps. It drops the messages that are far from the view, and the view does not move.
        await ann.Page.EvaluateAsync("async () => { document.getElementById('log').scrollTop -= document.getElementById('log').scrollHeight / 2; await window.frame(); await window.frame(); }");
        Math.Abs(await ann.Page.EvaluateAsync<double>(MoveOf("() => { window.feed(20_500); }", frames: 60))).Should().BeLessThan(1.5);
        var kept = await MeasureAsync(devTools);
        TestContext.Out.WriteLine($"heap after 120,500 messages: {(kept["JSHeapUsedSize"] - empty["JSHeapUsedSize"]) / 1_000_000:F0} MB");
        (await ann.Page.EvaluateAsync<int>(Gaps)).Should().Be(0);
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_stays_responsive_while_a_burst_of_messages_arrives()
    {
        await using var ann = await OpenAsync();
        // Ignore the first run, because the browser compiles the script during this run.
        await ReceiveBurstAsync(ann, 1_800);
        var few = await ReceiveBurstAsync(ann, 1_800);
        var many = await ReceiveBurstAsync(ann, 18_000);
        TestContext.Out.WriteLine($"18,000 messages in 1.5 s: longest pause between two frames {many.LongestPause:F0} ms ({few.LongestPause:F0} ms with 1,800), {many.Added} rows added ({few.Added} with 1,800)");
        (Math.Max(many.LongestPause, LongTask) / Math.Max(few.LongestPause, LongTask)).Should().BeLessThan(6, "the page handles the messages in slices");
        ((double)many.Added / few.Added).Should().BeLessThan(3, "the page does not draw messages that nobody can see");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_is_one_small_response_and_a_person_can_soon_type()
    {
        await using (await ChatPage.JoinAsync(_server.HttpPort, "ann"))
        {
            // The first visit makes the server compress the page.
        }
        var tab = await Chromium.NewPageAsync();
        await tab.AddInitScriptAsync("addEventListener('focusin', ({ target }) => { if (target.id === 'input') window.readyAt ??= performance.now(); });");
        await using var ben = await ChatPage.OpenAsync(tab, $"http://127.0.0.1:{_server.HttpPort}/?name=ben&room=lobby");
        await ben.ExpectInsideAsync("lobby");
        var text = await ben.Page.EvaluateAsync<string>("""
            () => new Promise((resolve) => {
              const navigation = performance.getEntriesByType('navigation')[0];
              new PerformanceObserver((list) => resolve(JSON.stringify({ paint: list.getEntries()[0].startTime, received: navigation.responseEnd, ready: window.readyAt, loaded: navigation.domContentLoadedEventEnd, bytes: navigation.transferSize,
                requests: performance.getEntriesByType('resource').length, isReady: document.activeElement?.id === 'input' && !document.getElementById('input').disabled })))
                .observe({ type: 'paint', buffered: true });
            })
            """);
        var visit = JsonSerializer.Deserialize<Visit>(text, JsonSerializerOptions.Web)!;
        TestContext.Out.WriteLine($"page received after {visit.Received:F0} ms, ready to type after {visit.Ready:F0} ms, script finished after {visit.Loaded:F0} ms, first paint after {visit.Paint:F0} ms; {visit.Bytes / 1024.0:F1} KB in one response; {visit.Requests} other requests");
        visit.IsReady.Should().BeTrue("a person can write as soon as the page is online");
        // The page can be painted before the server has answered the join. On a busy machine, this answer takes long. So the limit is generous.
        (visit.Ready / visit.Paint).Should().BeInRange(0.01, 30, "a person who sees the page can type soon");
        visit.Bytes.Should().BeLessThan(112 * 1024, "the page is one compressed response");
        visit.Requests.Should().BeLessThanOrEqualTo(4, "the page needs few other requests before a person can write");
    }

    [Test]
    public async Task View_does_not_move_when_rows_change_their_size()
    {
        await using var ann = await OpenAsync();
        await ann.Page.EvaluateAsync("() => window.feedMany(2_000)");
        await ann.Page.EvaluateAsync("async () => { const log = document.getElementById('log'); for (let i = 0; i < 30; i += 1) { log.scrollTop -= 400; await window.frame(); } await window.frame(); }");

        string[] changes =
        [
            // A picture above the view gets its size late.
            "log => { log.querySelectorAll('.message')[3].style.paddingBottom = '340px'; }",
            // A message above the view, and one at its upper edge, are edited.
            "(log, shown) => { const first = Number(log.querySelector('.message').dataset.seq); window.feed(1, { type: 'edited', of: first + 2, text: 'longer '.repeat(300) }); window.feed(1, { type: 'edited', of: shown - 1, text: 'longer\\n'.repeat(9) }); }",
            // A message that is not drawn is edited. Above the view, one message is deleted, and another message gets a reaction.
            "(log, shown) => { window.feed(1, { type: 'edited', of: 1_010, text: 'longer '.repeat(300) }); window.feed(1, { type: 'deleted', of: shown - 3 }); window.feed(1, { type: 'reacted', of: shown - 4, emoji: '🌊' }); }",
            // New messages arrive.
            "() => { window.feed(40); }",
            // A row above the view becomes higher, and new messages arrive in the same frame.
            "log => { log.querySelectorAll('.message')[2].style.paddingBottom = '90px'; window.feed(3); }",
        ];
        foreach (var change in changes)
        {
            var moved = await ann.Page.EvaluateAsync<double>(MoveOf(change));
            Math.Abs(moved).Should().BeLessThan(1.5, change);
        }

        // The window changes its width, so that all rows get other heights.
        await ann.Page.EvaluateAsync("() => { const log = document.getElementById('log'), top = log.getBoundingClientRect().top; window.shown = [...log.querySelectorAll('.message')].find((node) => node.getBoundingClientRect().top >= top); window.at = window.shown.getBoundingClientRect().top; }");
        await ann.Page.SetViewportSizeAsync(700, 720);
        await ann.Page.EvaluateAsync("async () => { await window.frame(); await window.frame(); await window.frame(); }");
        var resized = await ann.Page.EvaluateAsync<double>("() => window.shown.isConnected ? window.shown.getBoundingClientRect().top - window.at : 10_000");
        Math.Abs(resized).Should().BeLessThan(1.5);
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Keyboard_of_a_phone_leaves_the_newest_message_visible()
    {
        await using var ann = await OpenAsync(new() { ViewportSize = new() { Width = 375, Height = 812 }, HasTouch = true });
        await ann.Page.EvaluateAsync("() => window.feedMany(300)");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        await ann.Page.SetViewportSizeAsync(375, 430);
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync(new() { Ratio = 1 });
        await ann.Page.SetViewportSizeAsync(375, 812);
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync(new() { Ratio = 1 });

        // A reader who has scrolled up continues to see the same message.
        await ann.Page.EvaluateAsync("async () => { document.getElementById('log').scrollTop -= 2_000; await window.frame(); await window.frame(); }");
        var before = await FirstShownAsync(ann);
        await ann.Page.SetViewportSizeAsync(375, 430);
        await ann.UntilAsync("() => document.getElementById('log').clientHeight < 400");
        await ann.Page.EvaluateAsync("async () => { await window.frame(); await window.frame(); }");
        var after = await FirstShownAsync(ann);
        after.Seq.Should().Be(before.Seq);
        after.Top.Should().BeApproximately(before.Top, 1.5);
    }

    [Test]
    public async Task Selected_text_and_the_focus_stay_in_the_page_while_rows_are_removed()
    {
        await using var ann = await OpenAsync();
        await ann.Page.EvaluateAsync("() => window.feedMany(200)");
        var selected = await ann.Page.EvaluateAsync<string>("""
            async () => {
              const texts = [...document.querySelectorAll('#log .message .text')].slice(-12);
              getSelection().setBaseAndExtent(texts[0].firstChild, 0, texts[9].firstChild, 4);
              document.querySelectorAll('#log .message').item(document.querySelectorAll('#log .message').length - 1).querySelector('.menu').focus();
              await window.frame();
              return getSelection().toString();
            }
            """);
        selected.Should().StartWith("said ").And.Contain("\n");
        var focused = await ann.Page.EvaluateAsync<string>("() => document.activeElement.dataset.seq");

        await ann.Page.EvaluateAsync("() => window.feedMany(3_000)");
        (await ann.Page.EvaluateAsync<string>("() => getSelection().toString()")).Should().Be(selected);
        (await ann.Page.EvaluateAsync<string>("() => document.activeElement.dataset.seq")).Should().Be(focused);
        (await ann.Page.Locator("#log > *").CountAsync()).Should().BeLessThan(500);
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();

        // When the selection and the focus are elsewhere, the rows are removed.
        await ann.Page.EvaluateAsync("() => { getSelection().removeAllRanges(); document.getElementById('input').focus(); window.feed(1); }");
        await Assertions.Expect(ann.Page.Locator($"#log .message[data-seq='{focused}']")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Home_key_goes_to_the_oldest_message_and_End_key_to_the_newest()
    {
        await using var ann = await OpenAsync();
        await ann.Page.EvaluateAsync("() => window.feedMany(2_000)");
        await ann.Page.FocusAsync("#log");
        for (var i = 0; i < 2; i++)
        {
            await ann.Page.Keyboard.PressAsync("Home");
            await Assertions.Expect(ann.Page.Locator("#log .start")).ToBeInViewportAsync();
            await Assertions.Expect(ann.Page.Locator("#newest")).ToBeVisibleAsync();
            await ann.Page.Keyboard.PressAsync("End");
            await Assertions.Expect(ann.Page.Locator("#log .message[data-seq='3000']")).ToBeInViewportAsync();
            await Assertions.Expect(ann.Page.Locator("#newest")).ToBeHiddenAsync();
        }
    }

    [Test]
    public async Task Spoiler_stays_open_when_its_row_is_removed_and_drawn_again()
    {
        await using var ann = await OpenAsync();
        await ann.Page.EvaluateAsync("() => { window.feed(1, { text: 'it was ||the butler||' }); }");
        await ann.Page.ClickAsync("#log .cover");
        await ann.Input.FocusAsync(); // a row with the focus would stay in the page
        await ann.Page.EvaluateAsync("() => window.feedMany(1_000)");
        await Assertions.Expect(ann.Page.Locator("#log .spoiler")).ToHaveCountAsync(0);
        await ann.Page.EvaluateAsync("() => { document.getElementById('log').scrollTop = 0; }");
        await Assertions.Expect(ann.Page.Locator("#log .spoiler[data-shown]")).ToBeInViewportAsync();
        await Assertions.Expect(ann.Page.Locator("#log .spoiler .cover")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task Screen_reader_hears_new_messages_and_no_rows_that_appear_because_of_scrolling()
    {
        await using var ann = await OpenAsync();
        await ann.Page.EvaluateAsync("() => window.feedMany(2_000)");
        await ann.UntilAsync("() => document.getElementById('log').getAttribute('aria-live') === 'polite'");
        var heard = await ann.Page.EvaluateAsync<string[]>("""
            async () => {
              const log = document.getElementById('log'), heard = [];
              new MutationObserver((records) => {
                for (const { addedNodes } of records) for (const node of addedNodes) if (node.dataset?.seq && log.getAttribute('aria-live') === 'polite') heard.push(node.dataset.seq);
              }).observe(log, { childList: true });
              const seq = window.feed(1);
              while (!log.querySelector(`[data-seq="${seq}"]`)) await window.frame();
              await window.frame();
              for (let i = 0; i < 20; i += 1) { log.scrollTop -= 700; await window.frame(); }
              for (let i = 0; i < 20; i += 1) { log.scrollTop += 700; await window.frame(); }
              return heard.map((one) => String(Number(one) - seq));
            }
            """);
        heard.Should().Equal("0");
        (await ann.Page.Locator("#log").GetAttributeAsync("role")).Should().Be("log");
    }

    [Test]
    public async Task Page_shows_the_right_dates_after_the_computer_has_slept_for_a_day()
    {
        await using var ann = await OpenAsync(clock: true);
        await ann.Page.EvaluateAsync("() => { window.feed(2); }");
        await Assertions.Expect(ann.Page.Locator("#log .divider.day")).ToHaveTextAsync("Today");
        await ann.Page.Clock.FastForwardAsync(24 * 3_600_000);
        await ann.ExpectOnlineAsync();
        await ann.Page.EvaluateAsync("() => { window.feed(2); }");
        await Assertions.Expect(ann.Page.Locator("#log .divider.day")).ToHaveTextAsync(["Yesterday", "Today"]);
        (await ann.Page.EvaluateAsync<string>("() => document.querySelectorAll('#log .divider.day')[1].nextElementSibling.querySelector('.text').textContent")).Should().Be("said 1003");
    }

    [Test]
    public async Task Page_shows_the_date_of_the_visible_messages_while_the_reader_is_not_at_the_end()
    {
        await using var ann = await OpenAsync(clock: true);
        await ann.Page.EvaluateAsync("() => { window.feed(300); }");
        await ann.Page.Clock.FastForwardAsync(24 * 3_600_000);
        await ann.ExpectOnlineAsync();
        await ann.Page.EvaluateAsync("() => { window.feed(300); }");
        var day = ann.Page.Locator("#day");
        await Assertions.Expect(ann.Page.Locator("#log .message").Last).ToBeInViewportAsync();
        await Assertions.Expect(day).ToBeHiddenAsync();

        await ScrollToAsync(.3);
        await Assertions.Expect(day).ToHaveTextAsync("Yesterday");
        await ScrollToAsync(.8);
        await Assertions.Expect(day).ToHaveTextAsync("Today");
        await ann.Page.FocusAsync("#log");
        await ann.Page.Keyboard.PressAsync("End");
        await Assertions.Expect(day).ToBeHiddenAsync();

        Task ScrollToAsync(double part) => ann.Page.EvaluateAsync("(part) => { const log = document.getElementById('log'); log.scrollTop = log.scrollHeight * part; }", part);
    }

    /// <summary>
    /// A script that makes a change and waits for some frames. It returns the longest distance, in px, by which the first message that begins in
    /// the view has moved.
    /// </summary>
    private static string MoveOf(string change, int frames = 6) => $$"""
        async () => {
          const log = document.getElementById('log'), top = log.getBoundingClientRect().top;
          const shown = [...log.querySelectorAll('.message')].find((node) => node.getBoundingClientRect().top >= top);
          const { seq } = shown.dataset, before = shown.getBoundingClientRect().top;
          ({{change}})(log, Number(seq));
          let moved = 0;
          for (let i = 0; i < {{frames}}; i += 1) {
            await window.frame();
            const now = log.querySelector(`.message[data-seq="${seq}"]`).getBoundingClientRect().top - before;
            if (i > 0 && Math.abs(now) > Math.abs(moved)) moved = now; // the callback of the first frame runs before the layout
          }
          return moved;
        }
        """;

    /// <summary>Scrolls up through the log in small and large steps, and a part of the way back.</summary>
    private static async Task<Steps> ScrollAsync(ChatPage page) => JsonSerializer.Deserialize<Steps>(await page.Page.EvaluateAsync<string>($$"""
        async () => {
          const log = document.getElementById('log'), counts = window.countRows(), gaps = {{Gaps}};
          window.longTasks.length = 0;
          const steps = { count: 0, mostRows: 0, gaps: 0, mostAdded: 0, milliseconds: performance.now() };
          const step = async (distance) => {
            const before = counts.added;
            log.scrollTop += distance;
            await window.frame(); await window.frame();
            steps.count += 1;
            steps.gaps += gaps();
            steps.mostAdded = Math.max(steps.mostAdded, counts.added - before);
            steps.mostRows = Math.max(steps.mostRows, log.childElementCount);
          };
          for (let i = 0; i < 40; i += 1) await step(-500);
          for (let i = 0; i < 20; i += 1) await step(-log.scrollHeight / 23);
          for (let i = 0; i < 20; i += 1) await step(500);
          steps.milliseconds = performance.now() - steps.milliseconds;
          return JSON.stringify({ ...steps, longestTask: Math.max(0, ...window.longTasks) });
        }
        """), JsonSerializerOptions.Web)!;

    /// <summary>Gives messages to the page in 60 parts, one part every 25 ms, and waits until the last message is drawn.</summary>
    private static async Task<Burst> ReceiveBurstAsync(ChatPage page, int count) => JsonSerializer.Deserialize<Burst>(await page.Page.EvaluateAsync<string>(
        """
        async (count) => {
          const log = document.getElementById('log'), counts = window.countRows();
          let last = performance.now(), longestPause = 0, isOver = false;
          const watch = (async () => {
            while (!isOver) {
              await window.frame();
              longestPause = Math.max(longestPause, performance.now() - last);
              last = performance.now();
            }
          })();
          let seq = 0;
          for (let part = 0; part < 60; part += 1) {
            seq = window.feed(count / 60);
            await new Promise((resolve) => { setTimeout(resolve, 25); });
          }
          while (!log.querySelector(`.message[data-seq="${seq}"]`)) await window.frame();
          isOver = true;
          await watch;
          return JSON.stringify({ longestPause, added: counts.added });
        }
        """,
        count), JsonSerializerOptions.Web)!;

    private static async Task GoToNewestAsync(ChatPage page)
    {
        await page.Page.ClickAsync("#newest");
        await Assertions.Expect(page.Messages.Last).ToBeInViewportAsync();
    }

    private static double Median(IReadOnlyList<double> times) => times.Order().ElementAt(times.Count / 2);

    private static async Task<Shown> FirstShownAsync(ChatPage page) => JsonSerializer.Deserialize<Shown>(await page.Page.EvaluateAsync<string>("""
        () => {
          const top = document.getElementById('log').getBoundingClientRect().top;
          const shown = [...document.querySelectorAll('#log .message')].find((node) => node.getBoundingClientRect().top >= top);
          return JSON.stringify({ seq: Number(shown.dataset.seq), top: shown.getBoundingClientRect().top });
        }
        """), JsonSerializerOptions.Web)!;

    private async Task<ChatPage> OpenAsync(BrowserNewContextOptions? options = null, bool clock = false)
    {
        var tab = await Chromium.NewPageAsync(options);
        await tab.AddInitScriptAsync(Feeder);
        var page = await ChatPage.OpenAsync(tab, $"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby&way=ws", clock);
        await page.ExpectInsideAsync("lobby");
        return page;
    }

    private static async Task<Dictionary<string, double>> MeasureAsync(ICDPSession devTools)
    {
        await devTools.SendAsync("HeapProfiler.collectGarbage");
        var answer = await devTools.SendAsync("Performance.getMetrics");
        return answer!.Value.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble());
    }

    private static void Print(string what, TimeSpan time) => TestContext.Out.WriteLine($"{what}: {time.TotalMilliseconds:F0} ms");

    private sealed record Steps(int Count, int MostRows, int MostAdded, int Gaps, double Milliseconds, double LongestTask);

    private sealed record Burst(double LongestPause, int Added);

    private sealed record Typing(int Added, int Removed, IReadOnlyList<double> Times, double Longest);

    private sealed record Visit(double Paint, double Received, double Ready, double Loaded, double Bytes, int Requests, bool IsReady);

    private sealed record Shown(long Seq, double Top);
}
