using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Ids;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>check</c> finds what is damaged, names it, and nothing else.</summary>
public sealed class CheckTests
{
    private const long Lobby17 = (1L << 40) | 17;

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

    private static IEnumerable<TestCaseData> Damages()
    {
        yield return Damage("room \"lobby\", event 17: it is missing", cut => cut.ChangeEvent(1, 17, _ => null));
        yield return Damage("room \"lobby\", events 17 to 20: they are missing", cut => cut.ChangeEvents(1, found => found.Seq is >= 17 and <= 20 ? null : found));
        yield return Damage("room \"lobby\", event 17: it is not found by its client id", cut => cut.ChangeIds(id => id.Event == Lobby17 ? id with { Hash = id.Hash + 1 } : id));
        yield return Damage("room \"lobby\", event 17: a client id leads to it that is not its own", cut => cut.ChangeIds(id => id.Event == Lobby17 ? id with { Hash = id.Hash + 1 } : id));
        yield return Damage("room \"lobby\", event 5017: a client id leads to it, and it is not there", cut => cut.ChangeIds(id => id.Event == Lobby17 ? id with { Event = id.Event + 5000 } : id));
        yield return Damage("room \"lobby\", event 17: it is not found by its client id", cut => cut.ChangeIds(id => id.Event == Lobby17 ? null : id));
        yield return Damage("room \"lobby\", event 18: its author and client id are those of room \"lobby\", event 17", cut =>
        {
            cut.ChangeEvent(1, 18, found => found with { Content = found.Content with { ClientId = "s17" } });
            cut.ChangeIds(id => id.Event == Lobby17 + 1 ? id with { Hash = cut.Hash.Of("ann", "s17") } : id);
        });
        yield return Damage("room \"lobby\", event 17: unknown kind 9", cut => cut.ChangeEvent(1, 17, found => found with { Content = found.Content with { Kind = (RoomEventKind)9 } }));
        yield return Damage("room \"lobby\", event 17: its time cannot be (-1)", cut => cut.ChangeEvent(1, 17, found => found with { At = DateTimeOffset.UnixEpoch.AddMilliseconds(-1) }));
        yield return Damage("room \"lobby\", event 17: not UTF-8", cut => cut.Overwrite("text 17"u8, [0xff]));
        yield return Damage("room \"lobby\", event 17: a reply to 0", cut => cut.ChangeEvent(1, 17, found => found with { Content = found.Content with { Reply = 0 } }));
        yield return Damage("event 1501 of a room that is not there (id 99)", cut =>
        {
            RoomEvent? topic = null;
            cut.ChangeEvent(1, 1501, found => (topic = found) is null ? found : null);
            cut.AddEvents(99, topic!);
        });
        yield return Damage("room \"lobby\": its topic is not the one that event 1501 gave it", cut => cut.Execute("UPDATE rooms SET topic = 'other' WHERE id = 1"));
        yield return Damage("room \"lobby\": it is found by \"other\"", cut => cut.Execute("UPDATE rooms SET key = 'other' WHERE id = 1"));
        yield return Damage("room \"Garden\": its log begins at 0", cut => cut.Execute("UPDATE rooms SET first = 0 WHERE id = 2"));
        yield return Damage("room \"Garden\", events 1 to 50: the block is not as it was written", cut => cut.Execute("UPDATE blocks SET checksum = checksum + 1 WHERE id >> 40 = 2"));
        yield return Damage("room \"Garden\", event 51: the block is not as it was written", cut => cut.Execute("UPDATE blocks SET count = 51 WHERE id >> 40 = 2"));
        yield return Damage("room \"Garden\", event 50: its time is not that of its block", cut => cut.Execute("UPDATE blocks SET at = at + 1 WHERE id >> 40 = 2"));
        yield return Damage("room \"lobby\", event 17: it is there twice", cut => cut.AddToJournal(1, 17, Said("x")));
        yield return Damage("room \"lobby\", event 1502: it is missing", cut => cut.AddToJournal(1, 1503, Said("x")));
        yield return Damage("room \"lobby\", event 1502: its author and client id are those of room \"lobby\", event 17", cut => cut.AddToJournal(1, 1502, Said("x", "s17")));
        yield return Damage("the journal, row 1: it is not as it was written", cut =>
        {
            cut.AddToJournal(1, 1502, Said("x"));
            cut.Execute("UPDATE journal SET id = 1, checksum = checksum + 1");
        });
        yield return Damage(
            "the accounts \"ANN\" and \"ann\" have names that look the same",
            cut => cut.Execute("ALTER TABLE accounts RENAME TO old; CREATE TABLE accounts AS SELECT * FROM old; INSERT INTO accounts SELECT 'u2', 'ANN', skeleton, password_hash, at FROM old"));

        static TestCaseData Damage(string line, Action<Surgery> damage) => new TestCaseData(line, damage).SetArgDisplayNames(line);
    }

    [TestCaseSource(nameof(Damages))]
    public async Task Damage_is_found_and_named(string line, object damage)
    {
        using var storage = await FilledAsync();
        storage.Storage.Dispose();
        using (var cut = new Surgery(storage.Folder))
            ((Action<Surgery>)damage)(cut);

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
        using (var cut = new Surgery(storage.Folder))
        {
            foreach (var room in (long[])[1, 2])
                cut.ChangeEvents(room, found => found with { Content = found.Content with { Kind = (RoomEventKind)9 } });
        }

        var check = await RunAsync(storage.Folder, "check");
        check.ExitCode.Should().Be(1);
        check.Lines.Should().HaveCount(22);
        check.Lines[20].Should().Be("and 1531 more");
        check.Lines[21].Should().StartWith("Damaged: 1551 faults");
    }

    [TestCase(0, 4096)]
    [TestCase(4096 * 6, 4096)]
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
