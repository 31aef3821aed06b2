using System.Diagnostics;
using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// Runs all attacks of one attacker at the same time. The server runs in a separate process with the default limits. During the attacks,
/// users chat and a new user connects.
/// <para>
/// Set <c>RSC_ATTACK_SECONDS</c> to measure a longer attack. The attacks then get only the processor time that the server and its users do
/// not need. So only the server can cause a difference between the latency before and during the attacks.
/// </para>
/// </summary>
[Category(Categories.Slow)] // attacks for some seconds
public sealed class AllAttacksTests
{
    // Without a limit, the garbage collector would take more memory than the server needs, because the machine has free memory.
    private const long HeapBytes = 384L * 1024 * 1024;

    // The maximum memory of the process: the heap, and the memory outside the heap (code, stacks, buffers of the sockets, and the cache of the
    // database).
    private const long MaxBytes = 600L * 1024 * 1024;

    // More users give more measured messages, because a user may send only a few messages per second.
    private const int Users = 8;

    private static readonly string? MeasuredSeconds = Environment.GetEnvironmentVariable("RSC_ATTACK_SECONDS");

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(double.Parse(MeasuredSeconds ?? "6", CultureInfo.InvariantCulture));

    private static readonly TimeSpan QuietDuration = TimeSpan.FromSeconds(MeasuredSeconds is null ? 2 : Duration.TotalSeconds / 2);

    // A measurement has two warm-ups, one when the users begin and one when the attacks begin, because the runtime compiles code when the
    // code first runs.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(MeasuredSeconds is null ? 0 : 10);

    // Each message of the users begins with this text, so the test can count these messages.
    private const string Prefix = "the users' ";

    private int _httpPort;
    private int _rawPort;

    // If the server charges points to clients on this machine, it soon rejects the attacker's requests, because the address of the attacker has
    // no points left. If it does not charge these clients, the limits for all clients together must hold.
    [TestCase(true, TestName = "{m}(charged)")]
    [TestCase(false, TestName = "{m}(not charged)")]
    public async Task Memory_stays_bounded_and_no_message_is_lost_and_new_users_can_connect(bool isCharged)
    {
        _httpPort = ServerUnderTest.FindFreePort();
        _rawPort = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartWithHeapLimitAsync(
            HeapBytes, "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", "--Proxies:Trusted:0", "127.0.0.1", "--Addresses:ChargeLoopback", $"{isCharged}");
        var users = new List<ChatClient>();
        for (var i = 0; i < Users; i++)
            users.Add(await JoinAsync($"user{i}", $"203.0.113.{i + 1}"));
        await using var bob = await JoinAsync("bob", "203.0.113.100");

        var warmUp = await ChatAsync(users, "first", WarmUp);
        var quiet = await ChatAsync(users, "quiet", QuietDuration);
        await using var attackers = await AttackerProcess.StartAsync(_httpPort, _rawPort, isIdle: MeasuredSeconds is not null);
        var onset = await ChatAsync(users, "onset", WarmUp);
        var attacked = await ChatAsync(users, "attacked", Duration);

        await using var newcomer = await JoinAsync("carol", "203.0.113.101");
        await newcomer.SendAsync("""{"type":"register","name":"carol","password":"correct horse battery","id":"register"}""");
        await newcomer.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
        await newcomer.SayAsync("hello from a newcomer");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "hello from a newcomer");

        var rounds = await attackers.StopAsync();
        var peak = ReadPeakMemory(server.Id);
        TestContext.Out.WriteLine(
            $"{(isCharged ? "charged" : "not charged")}: ack {Describe(quiet)} quiet; {Describe(attacked)} attacked ({rounds} attacks); "
            + (onset.Count == 0 ? "" : $"{Describe(onset)} in the first {WarmUp.TotalSeconds} s of the attacks; ")
            + $"ratio of the p99 {GetPercentile(attacked, 0.99) / GetPercentile(quiet, 0.99):0.0}; peak memory {peak / 1024 / 1024} MiB");

        rounds.Should().BePositive();
        server.HasExited.Should().BeFalse();
        peak.Should().BeLessThan(MaxBytes);
        var count = warmUp.Count + quiet.Count + onset.Count + attacked.Count;
        await TestWait.UntilAsync(() => CountMessages(bob) >= count, () => $"{count} messages of the users; bob got {CountMessages(bob)}");
        CountMessages(bob).Should().Be(count, "each acknowledged message arrives once");
        foreach (var user in users)
            await user.DisposeAsync();
    }

    private async Task<ChatClient> JoinAsync(string name, string address)
    {
        var client = await ChatClient.ConnectAsync(_httpPort, $"/ws?name={name}&room=lobby", headers: [KeyValuePair.Create("X-Forwarded-For", address)]);
        await client.Inbox.ExpectAsync<JoinedFrame>();
        return client;
    }

    // Each user sends one message after the other, slower than the rate limit.
    private static async Task<List<double>> ChatAsync(List<ChatClient> users, string text, TimeSpan duration)
    {
        var latencies = await Task.WhenAll(users.Select(user => ChatAsync(user, text, duration)));
        return [.. latencies.SelectMany(values => values)];
    }

    private static async Task<List<double>> ChatAsync(ChatClient user, string text, TimeSpan duration)
    {
        var latencies = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            await Task.Delay(Random.Shared.Next(200, 300));
            var sent = Stopwatch.GetTimestamp();
            await user.SayAsync($"{Prefix}{text} message {latencies.Count}");
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return latencies;
    }

    private static string Describe(List<double> latencies) =>
        $"p50 {GetPercentile(latencies, 0.5):0.0} ms, p90 {GetPercentile(latencies, 0.9):0.0} ms, p99 {GetPercentile(latencies, 0.99):0.0} ms, worst {latencies.Max():0.0} ms of {latencies.Count} messages";

    private static double GetPercentile(List<double> values, double rank) => values.Order().ElementAt((int)((values.Count - 1) * rank));

    private static int CountMessages(ChatClient client) => client.Inbox.All.OfType<MessageFrame>().Count(message => message.Text.StartsWith(Prefix, StringComparison.Ordinal));

    private static long ReadPeakMemory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
