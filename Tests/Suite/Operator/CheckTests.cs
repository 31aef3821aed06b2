using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>check</c> finds and names damage. It reports no damage in an undamaged database.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class CheckTests
{
    [Test]
    public async Task Check_finds_no_damage_while_the_storage_is_open()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
    }

    [Test]
    public async Task Check_finds_no_damage_after_an_orderly_shutdown()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
    }

    [Test]
    public async Task Check_finds_no_damage_after_a_kill()
    {
        using var folder = new TemporaryFolder();
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Data:Path", folder.Path, "--Limits:Enabled", "false");
        var (ann, _) = await ChatClient.JoinAsync(port, "ann");
        await using var _ = ann;
        for (var i = 0; i < 20; i++)
            await ann.SayAsync($"{i}");
        await server.KillAsync();

        var check = await RunAsync(folder.Path, "check");
        check.ShouldSucceed().Output.Should().Contain("1 room, 20 events");
    }

    [Test]
    public async Task Check_accepts_trimmed_events_and_reused_client_ids()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Reopen(keepEvents: 100);
        (await storage.Log.AppendAsync("lobby", [CreateMessage("again", "s17")], default))[0].IsDuplicate.Should().BeFalse();
        (await RunAsync(storage.Folder, "check", "--Data:KeepEvents", "100")).ShouldSucceed();

        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain("150 events");
    }

    [TestCase("room \"lobby\", event 17 is missing", "DELETE FROM events WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", events 17 to 20 are missing", "DELETE FROM events WHERE room = 1 AND seq BETWEEN 17 AND 20")]
    [TestCase("room \"lobby\", events 1 to 3 are missing", "DELETE FROM events WHERE room = 1 AND seq < 4")]
    [TestCase("room \"lobby\", event 16 is older than the beginning of the log", "UPDATE rooms SET first_seq = 17 WHERE id = 1")]
    [TestCase("room \"lobby\", event 5017: the client id \"s17\" refers to it, but it does not exist", "UPDATE client_ids SET seq = 5017 WHERE client_id = 's17'")]
    [TestCase("room \"lobby\", event 17: the client id \"s17\" refers to it, but its author is another user", "UPDATE client_ids SET author = 'bob' WHERE client_id = 's17'")]
    [TestCase("the client ids \"s17\" and \"s18\" refer to the same event", "UPDATE client_ids SET seq = 18 WHERE client_id = 's17'")]
    [TestCase("room \"lobby\", event 17: unknown kind \"nonsense\"", "UPDATE events SET kind = 'nonsense' WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: impossible time -1", "UPDATE events SET at = -1 WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: invalid body {\"reply\":0}", "UPDATE events SET body = '{\"reply\":0}' WHERE room = 1 AND seq = 17")]
    [TestCase("room \"lobby\", event 17: invalid body {", "UPDATE events SET body = '{' WHERE room = 1 AND seq = 17")]
    [TestCase("a row of the table events refers to a row of rooms that does not exist", "UPDATE events SET room = 99 WHERE room = 1 AND seq = 1501")]
    [TestCase("room \"lobby\": its topic differs from event 1501", "UPDATE rooms SET topic = 'other' WHERE id = 1")]
    [TestCase("room \"lobby\": its key is \"other\"", "UPDATE rooms SET name_key = 'other' WHERE id = 1")]
    [TestCase("room \"Garden\": its log begins at 0", "UPDATE rooms SET first_seq = 0 WHERE id = 2")]
    [TestCase("the account \"ann\" has no registered name", "DELETE FROM names")]
    public async Task Check_finds_and_names_damage(string line, string damage)
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        Execute(storage.Folder, "PRAGMA foreign_keys = OFF; " + damage);

        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().Contain(line);
        check.Lines[^1].Should().MatchRegex("^Damaged: [0-9]+ errors? found in 2 rooms, ");
    }

    [Test]
    public async Task Check_prints_at_most_20_errors_and_a_count()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        Execute(storage.Folder, "UPDATE events SET kind = 'nonsense'");

        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().HaveCount(22);
        check.Lines[20].Should().Be("and 1531 more");
        check.Lines[21].Should().StartWith("Damaged: 1551 errors");
    }

    [TestCase(0, 4096)]
    [TestCase(4096 * 6, 4096)]
    [TestCase(4096 * 10, 4096 * 20)]
    public async Task Check_reports_overwritten_bytes_in_the_file(int at, int bytes)
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        using (var file = new FileStream(Path.Combine(storage.Folder, "chat.db"), FileMode.Open, FileAccess.Write))
        {
            file.Position = at;
            file.Write(Enumerable.Repeat((byte)0xa5, bytes).ToArray());
        }

        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Error.Should().BeEmpty();
        check.Lines.Should().Contain(line => line.Contains("is damaged", StringComparison.Ordinal));
        check.Lines[^1].Should().StartWith("Damaged: ");
    }

    [Test]
    public async Task Check_exits_with_2_when_it_cannot_run()
    {
        using var empty = new TemporaryFolder();
        (await RunAsync(empty.Path, "check")).ShouldFail("check: there is no database in", exitCode: 2);
        (await RunAsync(empty.Path, "check", "--Data:KeepDays", "many")).ShouldFail("check: --Data:KeepDays", exitCode: 2);
        (await RunAsync(empty.Path, "check", "--quickly")).ShouldFail("check: ", exitCode: 2);

        using var storage = new TestStorage();
        storage.Storage.Dispose();
        Execute(storage.Folder, "PRAGMA user_version = 99");
        (await RunAsync(storage.Folder, "check")).ShouldFail("newer version", exitCode: 2);
    }

    [Test]
    public async Task Interrupted_check_reports_no_damage()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunInterruptedAsync(storage.Folder, "check")).ShouldFail("check: interrupted", exitCode: 130);
    }
}
