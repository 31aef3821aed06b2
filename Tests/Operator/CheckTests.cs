using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>check</c> finds what is damaged, names it, and nothing else.</summary>
public sealed class CheckTests
{
    private const string Lobby17 = "(1 << 40 | 17)";

    [Test]
    public async Task A_database_in_use_is_sound()
    {
        using var storage = await FilledAsync();
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("Sound: 2 rooms, 1551 events, 1 account\n");
    }

    [Test]
    public async Task A_database_whose_server_has_ended_is_sound()
    {
        using var storage = await FilledAsync();
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("Sound: 2 rooms, 1551 events, 1 account\n");
    }

    [Test]
    public async Task A_database_whose_server_was_killed_is_sound()
    {
        using var folder = new TemporaryFolder();
        var port = ServerUnderTest.FreePort();
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
    public async Task Events_that_are_trimmed_are_no_damage_nor_is_the_use_of_their_ids_again()
    {
        using var storage = await FilledAsync();
        storage.Reopen(keepEvents: 100);
        (await storage.Log.AppendAsync("lobby", [Said("again", "s17")], default))[0].IsDuplicate.Should().BeFalse();
        (await RunAsync(storage.Folder, "check", "--Data:KeepEvents", "100")).ShouldSucceed();

        await Retention.TrimAsync(storage.Storage, keepDays: 0, NullLogger.Instance, default);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain("150 events");
    }

    [TestCase($"DELETE FROM events WHERE id = {Lobby17}", "room \"lobby\", event 17: it is missing")]
    [TestCase($"DELETE FROM events WHERE id BETWEEN {Lobby17} AND {Lobby17} + 3", "room \"lobby\", events 17 to 20: they are missing")]
    [TestCase($"UPDATE client_ids SET hash = hash + 1 WHERE event = {Lobby17}", "room \"lobby\", event 17: it is not found by its client id")]
    [TestCase($"UPDATE client_ids SET hash = hash + 1 WHERE event = {Lobby17}", "room \"lobby\", event 17: a client id leads to it that is not its own")]
    [TestCase($"UPDATE client_ids SET event = event + 5000 WHERE event = {Lobby17}", "room \"lobby\", event 5017: a client id leads to it, and it is not there")]
    [TestCase($"DELETE FROM client_ids WHERE event = {Lobby17}", "room \"lobby\", event 17: it is not found by its client id")]
    [TestCase(
        $"UPDATE events SET client_id = 's17' WHERE id = {Lobby17} + 1; UPDATE client_ids SET hash = (SELECT hash FROM client_ids WHERE event = {Lobby17}) WHERE event = {Lobby17} + 1",
        "room \"lobby\", event 18: its author and client id are those of room \"lobby\", event 17")]
    [TestCase($"UPDATE events SET kind = 9 WHERE id = {Lobby17}", "room \"lobby\", event 17: unknown kind 9")]
    [TestCase($"UPDATE events SET at = -1 WHERE id = {Lobby17}", "room \"lobby\", event 17: its time cannot be (-1)")]
    [TestCase($"UPDATE events SET at = 253402300800000 WHERE id = {Lobby17}", "room \"lobby\", event 17: its time cannot be")]
    [TestCase($"UPDATE events SET body = CAST(x'61ff' AS TEXT) WHERE id = {Lobby17}", "room \"lobby\", event 17: not UTF-8")]
    [TestCase($"UPDATE events SET reply = 0 WHERE id = {Lobby17}", "room \"lobby\", event 17: a reply to 0")]
    [TestCase($"UPDATE events SET me = 2 WHERE id = {Lobby17}", "room \"lobby\", event 17: neither an action nor none (2)")]
    [TestCase("UPDATE events SET id = id + (98 << 40) WHERE id = 1501 + (1 << 40)", "event 1501 of a room that is not there (id 99)")]
    [TestCase("UPDATE rooms SET topic = 'other' WHERE id = 1", "room \"lobby\": its topic is not the one that event 1501 gave it")]
    [TestCase("UPDATE rooms SET key = 'other' WHERE id = 1", "room \"lobby\": it is found by \"other\"")]
    [TestCase("UPDATE rooms SET first = 0 WHERE id = 2", "room \"Garden\": its log begins at 0")]
    [TestCase(
        "INSERT INTO journal (id, room, seq, at, kind, author, author_name, body, me) VALUES (9000, 1, 17, 5, 0, 'bob', 'bob', 'x', 0)",
        "room \"lobby\", event 17: it is there twice")]
    [TestCase(
        "INSERT INTO journal (id, room, seq, at, kind, author, author_name, body, me) VALUES (9000, 1, 1503, 5, 0, 'bob', 'bob', 'x', 0)",
        "room \"lobby\", event 1502: it is missing")]
    [TestCase(
        $"DELETE FROM events WHERE id = {Lobby17}; DELETE FROM client_ids WHERE event = {Lobby17}; INSERT INTO journal (id, room, seq, at, kind, author, author_name, body, me) VALUES (9000, 1, 17, 5, 0, 'bob', 'bob', 'x', 0)",
        "room \"lobby\", event 18: it is in its place, and one before it still in the journal")]
    [TestCase(
        "INSERT INTO journal (id, room, seq, at, kind, author, author_name, body, me, client_id, hash) VALUES (9000, 1, 1502, 5, 0, 'ann', 'ann', 'x', 0, 's17', (SELECT hash FROM client_ids WHERE event = (1 << 40 | 17)))",
        "room \"lobby\", event 1502: its author and client id are those of room \"lobby\", event 17")]
    [TestCase(
        "INSERT INTO journal (id, room, seq, at, kind, author, author_name, body, me, client_id, hash) VALUES (9000, 1, 1502, 5, 0, 'ann', 'ann', 'x', 0, 'new', 5)",
        "room \"lobby\", event 1502: it is not found by its client id")]
    [TestCase(
        "ALTER TABLE accounts RENAME TO old; CREATE TABLE accounts AS SELECT * FROM old; INSERT INTO accounts SELECT 'u2', 'ANN', skeleton, password_hash, at FROM old",
        "the accounts \"ANN\" and \"ann\" have names that look the same")]
    public async Task Damage_is_found_and_named(string sql, string line)
    {
        using var storage = await FilledAsync();
        storage.Storage.Dispose();
        Execute(storage.Folder, sql);

        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().Contain(found => found.StartsWith(line, StringComparison.Ordinal)).And.HaveCountLessThan(7);
        check.Lines[^1].Should().MatchRegex("^Damaged: [0-9]+ faults? found in 2 rooms, ");
    }

    [Test]
    public async Task Much_damage_is_told_in_a_few_lines_and_a_count()
    {
        using var storage = await FilledAsync();
        storage.Storage.Dispose();
        Execute(storage.Folder, "UPDATE events SET kind = 9");
        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().HaveCount(22);
        check.Lines[20].Should().Be("and 1531 more");
        check.Lines[21].Should().StartWith("Damaged: 1551 faults");
    }

    [TestCase(0, 4096)]
    [TestCase(4096 * 3, 4096)]
    [TestCase(4096 * 10, 4096 * 20)]
    public async Task Garbage_in_the_file_is_damage(int at, int bytes)
    {
        using var storage = await FilledAsync();
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
    public async Task Where_nothing_can_be_checked_the_exit_code_says_so()
    {
        using var empty = new TemporaryFolder();
        (await RunAsync(empty.Path, "check")).ShouldFail("check: there is no database in", exitCode: 2);
        (await RunAsync(empty.Path, "check", "--Data:KeepDays", "many")).ShouldFail("check: --Data:KeepDays", exitCode: 2);
        (await RunAsync(empty.Path, "check", "--quickly")).ShouldFail("check: ", exitCode: 2);

        using var storage = new OpenStorage();
        storage.Storage.Dispose();
        Execute(storage.Folder, "PRAGMA user_version = 99");
        (await RunAsync(storage.Folder, "check")).ShouldFail("newer version", exitCode: 2);
    }

    [Test]
    public async Task An_interrupted_check_finds_no_damage()
    {
        using var storage = await FilledAsync();
        (await InterruptAsync(storage.Folder, "check")).ShouldFail("check: interrupted", exitCode: 130);
    }
}
