using System.Diagnostics;
using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// All attacks of one attacker at once, on a server with default settings in its own process. Meanwhile two users chat, and a new user
/// connects. Set <c>RSC_ATTACK_SECONDS</c> for a longer attack.
/// </summary>
[Category(Categories.Slow)] // attacks for some seconds
public sealed class AllAttacksTests
{
    // Without a limit, the garbage collector would take more memory than the server needs, because the machine has free memory.
    private const long HeapBytes = 384L * 1024 * 1024;

    // The heap, and the memory outside it: code, stacks, buffers of the sockets and the database's cache.
    private const long MaxBytes = 600L * 1024 * 1024;

    private static readonly TimeSpan Duration =
        TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("RSC_ATTACK_SECONDS") ?? "6", CultureInfo.InvariantCulture));

    private int _httpPort;
    private int _rawPort;


    // If clients on this machine are charged, the server soon rejects the attackers' requests, because their address has no points left. If
    // they are not charged, the limits for all clients together must hold.
    [TestCase(true, TestName = "{m}(charged)")]
    [TestCase(false, TestName = "{m}(free of charge)")]
    public async Task Memory_stays_bounded_and_no_message_is_lost_and_new_users_can_connect(bool isCharged)
    {
        _httpPort = ServerUnderTest.FindFreePort();
        _rawPort = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartWithHeapLimitAsync(
            HeapBytes, "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", "--Proxies:Trusted:0", "127.0.0.1", "--Addresses:ChargeLoopback", $"{isCharged}");
        var (ann, _) = await JoinAsync("ann", "203.0.113.1");
        await using var first = ann;
        var (bob, _) = await JoinAsync("bob", "203.0.113.2");
        await using var second = bob;

        var quiet = await ChatAsync(ann, "quiet", TimeSpan.FromSeconds(2));
        using var stop = new CancellationTokenSource();
        var attacks = new Attacks(_httpPort, _rawPort).Start(stop.Token);
        var attacked = await ChatAsync(ann, "attacked", Duration);

        var (newcomer, _) = await JoinAsync("carol", "203.0.113.3");
        await using var third = newcomer;
        await newcomer.SendAsync("""{"type":"register","name":"carol","password":"correct horse battery","id":"register"}""");
        await newcomer.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
        await newcomer.SayAsync("hello from a newcomer");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "hello from a newcomer");

        await stop.CancelAsync();
        await Task.WhenAll(attacks).OrFail("the end of the attacks");
        var peak = ReadPeakMemory(server.Id);
        TestContext.Out.WriteLine(
            $"ack p99 {GetPercentile(quiet):0.0} ms quiet ({quiet.Count} messages), {GetPercentile(attacked):0.0} ms attacked ({attacked.Count}); peak memory {peak / 1024 / 1024} MiB");

        server.HasExited.Should().BeFalse();
        peak.Should().BeLessThan(MaxBytes);
        var count = quiet.Count + attacked.Count;
        await TestWait.UntilAsync(() => CountOwn(bob) >= count, () => $"{count} messages of ann; bob got {CountOwn(bob)}");
        CountOwn(bob).Should().Be(count, "each acknowledged message arrives once");
    }

    private async Task<(ChatClient Client, JoinedFrame Joined)> JoinAsync(string name, string address)
    {
        var client = await ChatClient.ConnectAsync(_httpPort, $"/ws?name={name}&room=lobby", headers: [KeyValuePair.Create("X-Forwarded-For", address)]);
        return (client, await client.Inbox.ExpectAsync<JoinedFrame>());
    }

    // Sends one message after the other, at the rate that the limits allow to every user.
    private static async Task<List<double>> ChatAsync(ChatClient client, string text, TimeSpan duration)
    {
        var latencies = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var sent = Stopwatch.GetTimestamp();
            await client.SayAsync($"ann's {text} message {latencies.Count}");
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            await Task.Delay(250);
        }

        return latencies;
    }

    private static double GetPercentile(List<double> values) => values.Order().ElementAt((int)((values.Count - 1) * 0.99));

    private static int CountOwn(ChatClient client) => client.Inbox.All.OfType<MessageFrame>().Count(message => message.Text.StartsWith("ann's ", StringComparison.Ordinal));

    private static long ReadPeakMemory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
