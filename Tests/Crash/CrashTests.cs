using System.Globalization;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// Nothing acknowledged is lost, and nothing is there twice, however often the server is killed (SIGKILL). Twenty-five rounds
/// belong to the suite; the proof is longer:
/// <code>RSC_CRASH_ROUNDS=500 Tests/run Crash</code>
/// A failure names its seed, and <c>RSC_CRASH_SEED</c> takes it: what the test decides is the same then; what threads and
/// the system decide is not.
/// </summary>
public sealed class CrashTests
{
    private static readonly int Rounds = Setting("RSC_CRASH_ROUNDS", 25);

    [Test]
    public Task Whatever_was_acknowledged_is_there_once_and_in_its_place_after_every_kill() => KillAgainAndAgainAsync(Rounds, "full");

    [Test]
    public Task Without_waiting_for_the_disk_the_death_of_the_process_loses_nothing_either() => KillAgainAndAgainAsync(Math.Max(5, Rounds / 5), "process");

    private static async Task KillAgainAndAgainAsync(int rounds, string durability)
    {
        var seed = Setting("RSC_CRASH_SEED", Random.Shared.Next());
        using var run = new CrashRun(seed, durability);
        var done = 0;
        try
        {
            await run.MakeRoomsAsync();
            for (; done < rounds && run.Complaints.Count == 0; done++)
                await run.RoundAsync();
            await run.SettleUpAsync();
        }
        catch (Exception fault)
        {
            throw new AssertionException($"seed {seed}, after {done} rounds: {fault.Message}", fault);
        }

        var summary = $"durability {durability}, seed {seed}: {done} rounds, {run.Summary}";
        await TestContext.Progress.WriteLineAsync(summary);
        run.Complaints.Should().BeEmpty(summary.Replace("{", "{{", StringComparison.Ordinal));
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
