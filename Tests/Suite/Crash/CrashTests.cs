using System.Globalization;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// No acknowledged message is lost or duplicated when the server is killed (SIGKILL). By default, the first test runs 6 rounds,
/// and each other test 3. Run more with:
/// <code>RSC_CRASH_ROUNDS=500 Tests/run Crash</code>
/// A failure prints its seed. <c>RSC_CRASH_SEED</c> repeats the random decisions of that run, but not the scheduling of threads.
/// </summary>
[Category(Categories.Slow)] // kills servers many times
[Parallelizable(ParallelScope.Self)]
public sealed class CrashTests
{
    private static readonly int Rounds = Setting("RSC_CRASH_ROUNDS", 6);

    [Test]
    public Task Each_acknowledged_message_is_stored_once_and_in_order_after_every_kill() => RunRoundsAsync(Rounds, "full");

    [Test]
    public Task Acknowledged_messages_survive_every_kill_without_a_sync_to_the_disk() => RunRoundsAsync(Math.Max(3, Rounds / 5), "process");

    [Test]
    public async Task Acknowledged_messages_survive_every_kill_of_the_server_and_of_PostgreSQL()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await RunRoundsAsync(Math.Max(3, Rounds / 2), "full", postgres);
    }

    private static async Task RunRoundsAsync(int rounds, string durability, PostgresServer? postgres = null)
    {
        var seed = Setting("RSC_CRASH_SEED", Random.Shared.Next());
        using var run = new CrashRun(seed, durability, postgres);
        var done = 0;
        try
        {
            await run.CreateRoomsAsync();
            for (; done < rounds && run.Violations.Count == 0; done++)
                await run.RunRoundAsync();
            await run.VerifyAsync();
        }
        catch (Exception fault)
        {
            throw new AssertionException($"seed {seed}, after {done} rounds: {fault.Message}", fault);
        }

        var summary = $"{(postgres is null ? "SQLite" : "PostgreSQL")}, durability {durability}, seed {seed}: {done} rounds, {run.Summary}";
        await TestContext.Progress.WriteLineAsync(summary);
        run.Violations.Should().BeEmpty(summary.Replace("{", "{{", StringComparison.Ordinal));
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
