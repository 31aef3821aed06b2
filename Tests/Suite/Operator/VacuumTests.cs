using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>vacuum</c> makes the database file smaller and changes no data.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
public sealed class VacuumTests
{
    [Test]
    public async Task Vacuum_shrinks_the_file_and_keeps_all_data()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Reopen(keepEvents: 60);
        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);
        storage.Storage.Dispose();
        var file = Path.Combine(storage.Folder, "chat.db");
        var (before, exported) = (new FileInfo(file).Length, (await RunAsync(storage.Folder, "export", "lobby")).Output.Split('\n')[1..]);

        (await RunAsync(storage.Folder, "vacuum")).ShouldSucceed().Output.Should().MatchRegex("^The database had [0-9.]+ MiB and has [0-9.]+ MiB now\n$");
        new FileInfo(file).Length.Should().BeLessThan(before);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 110 events, 1 account\n");
        (await RunAsync(storage.Folder, "export", "lobby")).Output.Split('\n')[1..].Should().Equal(exported);
    }

    [Test]
    public async Task Vacuum_fails_with_one_line_while_a_server_runs_or_if_there_is_no_database()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunAsync(storage.Folder, "vacuum")).ShouldFail($"vacuum: another server uses the folder \"{storage.Folder}\"; stop it first");
        using var empty = new TemporaryFolder();
        (await RunAsync(empty.Path, "vacuum")).ShouldFail("vacuum: there is no database in");
        Directory.GetFiles(empty.Path).Should().BeEmpty();
    }

    [Test]
    public async Task Interrupted_vacuum_changes_nothing()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        (await RunInterruptedAsync(storage.Folder, "vacuum")).ShouldFail("vacuum: interrupted", exitCode: 130);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed();
    }

    // The text of a deleted row must not stay in a file, not even in the write-ahead log.
    [Test]
    public async Task Text_of_a_deleted_event_is_removed_from_the_files_after_a_minute()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        using var storage = new TestStorage(time);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.AppendAsync("a", [CreateMessage("a secret that everybody forgets"), CreateMessage("kept")], default);
        await storage.Storage.WriteAsync(writer => Dapper.SqlMapper.Execute(writer.Connection, "UPDATE events SET text = '' WHERE seq = 1"), default);
        time.Advance(TimeSpan.FromMinutes(1));
        await storage.Storage.WriteAsync(_ => true, default);

        await TestWait.UntilAsync(() => !Directory.GetFiles(storage.Folder, "chat.db*").Any(file => ReadShared(file).Contains("a secret that", StringComparison.Ordinal)), "the removal of the text from the files");
        ReadShared(Path.Combine(storage.Folder, "chat.db")).Should().Contain("kept");
    }

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
