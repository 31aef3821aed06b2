using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page scrolls back through a long log.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class HistoryTests
{
    private const int MessageCount = 400;

    // Scrolls up by a screen. Then measures in each frame how far the first visible message has moved. The measurement ends a few frames
    // after older messages have appeared above this message, or if there are no older messages.
    private const string ScrollUp = """
        () => new Promise((resolve) => {
          const log = document.getElementById('log');
          const messages = () => log.querySelectorAll('.message');
          const oldest = Number(messages()[0].dataset.seq);
          log.scrollTop = Math.max(0, log.scrollTop - log.clientHeight);
          const top = log.getBoundingClientRect().top;
          const anchor = [...messages()].find((node) => node.getBoundingClientRect().bottom > top);
          const seq = anchor.dataset.seq;
          const at = anchor.getBoundingClientRect().top;
          const wanted = log.scrollTop < 300 && oldest > 1;
          let jump = 0, calm = 0, frames = 0;
          (function look() {
            const now = log.querySelector(`.message[data-seq="${seq}"]`)?.getBoundingClientRect().top ?? Infinity;
            jump = Math.max(jump, Math.abs(now - at));
            calm = !wanted || Number(messages()[0].dataset.seq) < oldest ? calm + 1 : 0;
            if (calm > 5 || ++frames > 900) resolve(JSON.stringify({ jump, oldest: Number(messages()[0].dataset.seq), hasLoaded: calm > 5 }));
            else requestAnimationFrame(look);
          })();
        })
        """;

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Scrolling_up_loads_each_older_message_once_without_a_jump()
    {
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;
        for (var i = 1; i <= MessageCount; i++)
            await sender.SayAsync($"said {i}{(i % 7 == 0 ? " at such a length that it takes more than one line of a window of ordinary width" : "")}{(i % 11 == 0 ? "\nor of two" : "")}");

        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync($"said {MessageCount}");
        (await ann.ReadAsync()).Should().HaveCountLessThan(100, "the page starts with the newest messages only");

        var screens = 0;
        Step step;
        do
        {
            step = JsonSerializer.Deserialize<Step>(await ann.Page.EvaluateAsync<string>(ScrollUp), JsonSerializerOptions.Web)!;
            step.HasLoaded.Should().BeTrue($"the server has messages before {step.Oldest}");
            step.Jump.Should().BeLessThan(2, $"the visible messages do not move, at screen {screens}");
            screens++;
        }
        while ((step.Oldest > 1 || await ann.Page.EvaluateAsync<bool>("() => document.getElementById('log').scrollTop > 0")) && screens < 200);

        screens.Should().BeGreaterThan(5);
        (await ann.ReadAsync()).Select(message => message.Seq).Should().Equal(Enumerable.Range(1, MessageCount).Select(seq => (long)seq));
        await Assertions.Expect(ann.Page.Locator("#log .start")).ToBeVisibleAsync();

        // While the reader is at the top, a new message appears at the bottom. One click shows it.
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
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("new 30");
        (await GetTopAsync(ann, 75)).Should().BeApproximately(before, 1);
        await Assertions.Expect(ann.Page.Locator("#newest")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Reader_reaches_the_beginning_of_a_history_that_is_longer_than_the_log_and_returns()
    {
        const int count = 10_600; // the page keeps at most 10,000 messages
        await using (var sender = await LineClient.ConnectAsync(_server.RawPort))
        {
            await sender.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "sender", Id = FrameId.From("hello") });
            await sender.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
            for (var i = 1; i <= count; i++)
                await sender.SendAsync(ChatPeerExtensions.Say($"said {i}"));
            await sender.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"said {count}");
        }

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

    /// <summary>Scrolls to one end of the drawn log in each frame, until the page satisfies the predicate.</summary>
    private static Task ScrollUntilAsync(ChatPage page, string top, string predicate) =>
        page.UntilAsync($"() => {{ const log = document.getElementById('log'); log.scrollTop = {top}; return ({predicate})(); }}");

    private static Task<double> GetTopAsync(ChatPage page, int seq) =>
        page.Page.Locator($"#log .message[data-seq='{seq}']").EvaluateAsync<double>("node => node.getBoundingClientRect().top");

    private sealed record Step(double Jump, long Oldest, bool HasLoaded);
}
