using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A reader scrolls back through a long log.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class HistoryTests
{
    private const int MessageCount = 3_000;

    // Scrolls up until the beginning of the room is visible. After each step, measures in each frame how far the first message that begins in
    // the view has moved. If a step nearly reaches the oldest message of the page, the script waits until older messages have appeared.
    private const string ScrollUp = """
        async () => {
          const log = document.getElementById('log'), seen = new Set(), result = { jump: 0, steps: 0, mostRows: 0 };
          const oldest = () => log.querySelector('.start') ? 0 : Number(log.querySelector('.message').dataset.seq);
          const topOf = (seq) => log.querySelector(`.message[data-seq="${seq}"]`)?.getBoundingClientRect().top ?? Infinity;
          const until = performance.now() + 50_000;
          while (!(log.querySelector('.start') && log.scrollTop === 0) && performance.now() < until) {
            log.scrollTop -= 900;
            const top = log.getBoundingClientRect().top;
            const { seq } = [...log.querySelectorAll('.message')].find((node) => node.getBoundingClientRect().top >= top).dataset;
            const at = topOf(seq), before = oldest(), isLoading = log.scrollTop < 300 && before > 0;
            for (let calm = 0; calm < 2 && performance.now() < until;) {
              await new Promise((resolve) => { requestAnimationFrame(resolve); });
              result.jump = Math.max(result.jump, Math.abs(topOf(seq) - at));
              if (!isLoading || oldest() < before) calm += 1;
            }
            result.steps += 1;
            result.mostRows = Math.max(result.mostRows, log.childElementCount);
            for (const node of log.querySelectorAll('.message')) seen.add(Number(node.dataset.seq));
          }
          return JSON.stringify({ ...result, seen: [...seen].sort((a, b) => a - b) });
        }
        """;

    private ServerUnderTest _server = null!;
    private int _senders;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Scrolling_up_shows_all_older_messages_without_a_jump()
    {
        await SendManyAsync(MessageCount, i => $"said {i}{(i % 7 == 0 ? " at such a length that it takes more than one line of a window of ordinary width" : "")}{(i % 11 == 0 ? "\nor of two" : "")}");

        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync($"said {MessageCount}");
        (await ann.ReadAsync()).Should().HaveCountLessThan(100, "the page starts with the newest messages only");

        var scrolled = JsonSerializer.Deserialize<Scrolled>(await ann.Page.EvaluateAsync<string>(ScrollUp), JsonSerializerOptions.Web)!;
        scrolled.Jump.Should().BeLessThan(1.5, "the visible messages do not move");
        scrolled.Steps.Should().BeGreaterThan(50);
        scrolled.Seen.Should().Equal(Enumerable.Range(1, MessageCount).Select(seq => (long)seq));
        scrolled.MostRows.Should().BeLessThanOrEqualTo(400, "the page draws the rows near the view only");
        await Assertions.Expect(ann.Page.Locator("#log .start")).ToBeVisibleAsync();
        (await ann.ReadAsync()).Select(message => message.Seq).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();

        // While the reader is at the top, a new message appears at the bottom. One click shows it.
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = sender;
        await sender.SayAsync("said meanwhile");
        await ann.Page.ClickAsync("#newest");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("said meanwhile");
    }

    [Test]
    public async Task Visible_messages_do_not_move_while_others_write()
    {
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;
        for (var i = 1; i <= 120; i++)
            await sender.SayAsync($"said {i}");
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync("said 120");

        await ann.Page.HoverAsync("#log");
        await ann.Page.Mouse.WheelAsync(0, -900);
        await ann.UntilAsync("() => document.querySelector('#log .message').dataset.seq < 71");
        var before = await GetTopAsync(ann, 75);
        for (var i = 1; i <= 30; i++)
            await sender.SayAsync($"new {i}");
        await Assertions.Expect(ann.Page.Locator("#newest-text")).ToHaveTextAsync("30 new messages");
        (await GetTopAsync(ann, 75)).Should().BeApproximately(before, 1);
        await Assertions.Expect(ann.Page.Locator("#newest")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Reader_reaches_the_beginning_of_a_long_history_and_returns()
    {
        const int count = 10_600;
        await SendManyAsync(count, i => $"said {i}");

        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync($"said {count}");
        await ScrollUntilAsync(ann, "0", "() => document.querySelector('#log .start')");
        (await ann.ReadAsync()).Select(message => message.Seq).Should().BeInAscendingOrder().And.StartWith([1L, 2L, 3L]).And.OnlyHaveUniqueItems();

        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await bob.SayAsync("said meanwhile");
        await Assertions.Expect(ann.Page.Locator("#newest-text")).ToHaveTextAsync("1 new message");
        await ScrollUntilAsync(ann, "log.scrollHeight", $"() => document.querySelector('#log .message:last-child')?.dataset.seq === '{count + 1}'");
        await Assertions.Expect(ann.Page.Locator("#newest")).ToBeHiddenAsync();

        await ScrollUntilAsync(ann, "0", $"() => document.querySelector('#log .message').dataset.seq < {count - 1_000}");
        await ann.Page.ClickAsync("#newest");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("said meanwhile");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
    }

    [Test]
    public async Task Reader_can_go_to_the_first_and_to_the_newest_of_ten_thousand_unread_messages()
    {
        const int unread = 10_000;
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await SendManyAsync(1, _ => "said before");
        await ann.ExpectMessageAsync("said before");
        await ann.SayAsync("/create away");
        await ann.ExpectInsideAsync("away");
        await SendManyAsync(unread, i => $"while away {i}");
        await Assertions.Expect(ann.Page.Locator("#rooms [data-room=lobby]")).ToHaveAttributeAsync("data-unread", $"{unread}");

        await ann.Page.ClickAsync("#rooms [data-room=lobby]");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync($"while away {unread}");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        await ann.UntilAsync("() => Object.values(sessionStorage).some((value) => value.includes('\"marks\"'))");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.Page.ClickAsync("#first-unread");
        await Assertions.Expect(ann.Page.Locator(".divider.new")).ToBeInViewportAsync();
        await Assertions.Expect(ann.Page.Locator(".divider.new + .message .text")).ToHaveTextAsync("while away 1");
        await Assertions.Expect(ann.Page.Locator("#first-unread")).ToBeHiddenAsync();
        (await ann.Page.Locator("#log > *").CountAsync()).Should().BeLessThan(400);
        await ann.Page.ClickAsync("#newest");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync($"while away {unread}");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        ann.Errors.Should().BeEmpty();
    }

    /// <summary>Sends messages to the lobby without waiting for each ack, and then waits until the last message has arrived.</summary>
    private async Task SendManyAsync(int count, Func<int, string> text)
    {
        await using var sender = await LineClient.ConnectAsync(_server.RawPort);
        await sender.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = $"sender{++_senders}", Id = FrameId.From("hello") });
        await sender.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
        for (var i = 1; i <= count; i++)
            await sender.SendAsync(ChatPeerExtensions.Say(text(i)));
        await sender.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text(count));
    }

    /// <summary>Scrolls to one end of the drawn log in each frame, until the page satisfies the predicate.</summary>
    private static Task ScrollUntilAsync(ChatPage page, string top, string predicate) =>
        page.UntilAsync($"() => {{ const log = document.getElementById('log'); log.scrollTop = {top}; return ({predicate})(); }}");

    private static Task<double> GetTopAsync(ChatPage page, int seq) =>
        page.Page.Locator($"#log .message[data-seq='{seq}']").EvaluateAsync<double>("node => node.getBoundingClientRect().top");

    private sealed record Scrolled(double Jump, int Steps, int MostRows, IReadOnlyList<long> Seen);
}
