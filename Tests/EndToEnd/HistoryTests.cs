using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Scrolling back through a long log.</summary>
public sealed class HistoryTests
{
    private const int Said = 400;

    // Goes up by a screen, then looks in every frame how far the first message in sight has moved, until older ones
    // have come above it (or there are none) and a few frames more have passed.
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
            if (calm > 5 || ++frames > 900) resolve(JSON.stringify({ jump, oldest: Number(messages()[0].dataset.seq), came: calm > 5 }));
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
    public async Task Older_messages_come_while_one_scrolls_up_without_a_jump_and_once()
    {
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;
        for (var i = 1; i <= Said; i++)
            await speaker.SayAsync($"said {i}{(i % 7 == 0 ? " at such a length that it takes more than one line of a window of ordinary width" : "")}{(i % 11 == 0 ? "\nor of two" : "")}");

        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync($"said {Said}");
        (await ann.ReadAsync()).Should().HaveCountLessThan(100, "the page begins with the newest alone");

        var screens = 0;
        Step step;
        do
        {
            step = JsonSerializer.Deserialize<Step>(await ann.Page.EvaluateAsync<string>(ScrollUp), JsonSerializerOptions.Web)!;
            step.Came.Should().BeTrue($"older messages than {step.Oldest} are there to be shown");
            step.Jump.Should().BeLessThan(2, $"what one reads stays where it is, at screen {screens}");
            screens++;
        }
        while ((step.Oldest > 1 || await ann.Page.EvaluateAsync<bool>("() => document.getElementById('log').scrollTop > 0")) && screens < 200);

        screens.Should().BeGreaterThan(5);
        (await ann.ReadAsync()).Select(message => message.Seq).Should().Equal(Enumerable.Range(1, Said).Select(seq => (long)seq));
        await Assertions.Expect(ann.Page.Locator("#log .start")).ToBeVisibleAsync();

        // Meanwhile the newest is not lost: what is said now waits below, and one step leads to it.
        await speaker.SayAsync("said meanwhile");
        await ann.Page.ClickAsync("#newest");
        await Assertions.Expect(ann.Messages.Last).ToBeInViewportAsync();
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("said meanwhile");
    }

    [Test]
    public async Task What_one_reads_stays_while_others_speak()
    {
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;
        for (var i = 1; i <= 120; i++)
            await speaker.SayAsync($"said {i}");
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectMessageAsync("said 120");

        await ann.Page.HoverAsync("#log");
        await ann.Page.Mouse.WheelAsync(0, -900);
        await ann.UntilAsync("() => document.querySelector('#log .message').dataset.seq < 71");
        var before = await TopOfAsync(ann, 75);
        for (var i = 1; i <= 30; i++)
            await speaker.SayAsync($"new {i}");
        await Assertions.Expect(ann.Messages.Last).ToContainTextAsync("new 30");
        (await TopOfAsync(ann, 75)).Should().BeApproximately(before, 1);
        await Assertions.Expect(ann.Page.Locator("#newest")).ToBeVisibleAsync();
    }

    private static Task<double> TopOfAsync(ChatPage page, int seq) =>
        page.Page.Locator($"#log .message[data-seq='{seq}']").EvaluateAsync<double>("node => node.getBoundingClientRect().top");

    private sealed record Step(double Jump, long Oldest, bool Came);
}
