using System.Net;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>Slow name servers delay only webhooks.</summary>
public sealed class SystemNameResolverTests
{
    [Test]
    public async Task Only_a_few_look_ups_run_at_the_same_time_and_none_on_a_thread_of_the_pool()
    {
        using var answer = new ManualResetEventSlim();
        var (running, onPool) = (0, 0);
        using var resolver = new SystemNameResolver(_ =>
        {
            Interlocked.Increment(ref running);
            if (Thread.CurrentThread.IsThreadPoolThread)
                Interlocked.Increment(ref onPool);
            answer.Wait(TestWait.Timeout);
            return [IPAddress.Parse("192.0.2.1")];
        });
        using var giveUp = new CancellationTokenSource();
        var abandoned = Enumerable.Range(0, SystemNameResolver.MaxRunning).Select(i => resolver.ResolveAsync($"slow{i}.example", giveUp.Token)).ToArray();
        var waiting = resolver.ResolveAsync("waiting.example", CancellationToken.None);
        await TestWait.UntilAsync(() => Volatile.Read(ref running) == SystemNameResolver.MaxRunning, "the look-ups to begin");
        (await resolver.ResolveAsync("192.0.2.7", CancellationToken.None).OrFail("an address, which needs no look-up")).Should().Equal(IPAddress.Parse("192.0.2.7"));

        await giveUp.CancelAsync();
        foreach (var task in abandoned)
            await FluentActions.Awaiting(() => task.OrFail("the end of the wait")).Should().ThrowAsync<OperationCanceledException>();
        running.Should().Be(SystemNameResolver.MaxRunning, "an abandoned look-up still has its thread");

        answer.Set();
        (await waiting.OrFail("the waiting look-up")).Should().Equal(IPAddress.Parse("192.0.2.1"));
        onPool.Should().Be(0);
    }
}
