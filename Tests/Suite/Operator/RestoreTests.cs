using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary>Tests <c>restore</c>, and the refusal of a database whose write-ahead log belongs to another state of the database.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class RestoreTests
{
    private const string Refusal = "which belongs to another state of the database";

    [Test]
    public async Task Storage_refuses_a_backup_next_to_the_write_ahead_log_of_a_killed_server_and_changes_no_file()
    {
        using var storage = await CreateFilledStorageAsync();
        using var files = new TemporaryFolder();
        var backup = Path.Combine(files.Path, "backup.db");
        (await RunAsync(storage.Folder, "backup", backup)).ShouldSucceed();
        await storage.Log.AppendAsync("lobby", [CreateMessage("later")], default);
        using var killed = CopyAsAfterKill(storage.Folder);
        File.Copy(backup, Path.Combine(killed.Path, "chat.db"), overwrite: true);
        var log = await File.ReadAllBytesAsync(Path.Combine(killed.Path, "chat.db-wal"));

        Open(killed.Path).Should().Throw<StorageException>().WithMessage($"*{killed.Path}/chat.db*{killed.Path}/chat.db-wal*{Refusal}*restore FILE*");

        (await File.ReadAllBytesAsync(Path.Combine(killed.Path, "chat.db"))).Should().Equal(await File.ReadAllBytesAsync(backup));
        (await File.ReadAllBytesAsync(Path.Combine(killed.Path, "chat.db-wal"))).Should().Equal(log);
        foreach (var suffix in (string[])["-wal", "-shm"])
            File.Delete(Path.Combine(killed.Path, "chat.db" + suffix));
        Open(killed.Path).Should().NotThrow();
        (await RunAsync(killed.Path, "check")).ShouldSucceed().Output.Should().Contain("1551 events");
    }

    [Test]
    public async Task Storage_refuses_an_older_database_next_to_the_write_ahead_log_of_a_killed_server()
    {
        using var storage = await CreateFilledStorageAsync();
        using var files = new TemporaryFolder();
        var copy = Path.Combine(files.Path, "copy.db");
        storage.Storage.Dispose();
        File.Copy(Path.Combine(storage.Folder, "chat.db"), copy);
        storage.Reopen();
        await storage.Log.AppendAsync("lobby", [CreateMessage("later")], default);
        using var killed = CopyAsAfterKill(storage.Folder);
        using var intact = CopyAsAfterKill(storage.Folder);
        File.Copy(copy, Path.Combine(killed.Path, "chat.db"), overwrite: true);

        Open(killed.Path).Should().Throw<StorageException>().WithMessage($"*{Refusal}*");
        Open(intact.Path).Should().NotThrow("a kill leaves such files");
        (await RunAsync(intact.Path, "check")).ShouldSucceed().Output.Should().Contain("1552 events");
    }

    [Test]
    public async Task Write_ahead_log_without_its_database_is_refused()
    {
        using var storage = await CreateFilledStorageAsync();
        using var killed = CopyAsAfterKill(storage.Folder);
        File.Delete(Path.Combine(killed.Path, "chat.db"));
        Open(killed.Path).Should().Throw<StorageException>().WithMessage("*of a database that is missing*");
    }

    [Test]
    public async Task Killed_server_starts_again_any_number_of_times()
    {
        using var first = await CreateFilledStorageAsync();
        var folder = first.Folder;
        for (var i = 1; i <= 5; i++)
        {
            using var killed = CopyAsAfterKill(folder);
            using var storage = new SqliteFolder(killed.Path);
            await storage.AppendAsync(CreateMessage($"{i}"));
            using var next = CopyAsAfterKill(killed.Path);
            Open(next.Path).Should().NotThrow();
        }
    }

    [Test]
    public async Task Restore_replaces_the_data_and_keeps_the_old_data_under_another_name()
    {
        using var storage = await CreateFilledStorageAsync();
        using var files = new TemporaryFolder();
        var backup = Path.Combine(files.Path, "backup.db");
        (await RunAsync(storage.Folder, "backup", backup)).ShouldSucceed();
        await storage.Log.AppendAsync("lobby", [CreateMessage("later")], default);
        using var killed = CopyAsAfterKill(storage.Folder);

        var restored = (await RunAsync(killed.Path, "restore", backup)).ShouldSucceed().Output;
        restored.Should().StartWith($"Restored {backup} to {killed.Path} (").And.Contain("the replaced database is chat-before-restore-");
        (await RunAsync(killed.Path, "check")).ShouldSucceed().Output.Should().Contain("1551 events");
        Open(killed.Path).Should().NotThrow();

        var old = Directory.GetFiles(killed.Path, "chat-before-restore-*.db").Should().ContainSingle().Subject;
        (await RunAsync(killed.Path, "restore", old)).ShouldSucceed();
        (await RunAsync(killed.Path, "check")).ShouldSucceed().Output.Should().Contain("1552 events", "the old data includes its write-ahead log");
    }

    [Test]
    public async Task Restore_creates_the_data_folder()
    {
        using var storage = await CreateFilledStorageAsync();
        using var files = new TemporaryFolder();
        var backup = Path.Combine(files.Path, "backup.db");
        (await RunAsync(storage.Folder, "backup", backup)).ShouldSucceed();
        var folder = Path.Combine(files.Path, "new");
        (await RunAsync(folder, "restore", backup)).ShouldSucceed().Output.TrimEnd().Should().EndWith("MiB)");
        (await RunAsync(folder, "check")).ShouldSucceed();
    }

    [Test]
    public async Task Restore_of_a_file_that_is_not_a_backup_changes_nothing()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        using var files = new TemporaryFolder();
        var text = Path.Combine(files.Path, "notes.txt");
        await File.WriteAllTextAsync(text, "no database, but long enough to be one " + new string('x', 5_000));
        (await RunAsync(storage.Folder, "restore", text)).ShouldFail("notes.txt");
        (await RunAsync(storage.Folder, "restore", Path.Combine(files.Path, "missing.db"))).ShouldFail("there is no file");
        (await RunAsync(storage.Folder, "restore", Path.Combine(storage.Folder, "chat.db"))).ShouldFail("is the database of the data folder");
        Directory.GetFiles(storage.Folder).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Contain("1551 events");
    }

    [Test]
    public async Task Restore_while_a_server_uses_the_folder_is_refused()
    {
        using var storage = await CreateFilledStorageAsync();
        using var files = new TemporaryFolder();
        var backup = Path.Combine(files.Path, "backup.db");
        (await RunAsync(storage.Folder, "backup", backup)).ShouldSucceed();
        (await RunAsync(storage.Folder, "restore", backup)).ShouldFail("another server uses the folder");
    }

    private static Action Open(string folder) => () => new SqliteFolder(folder).Dispose();

    // Copies the database files and the lock file, as a kill of the server at this moment would leave them.
    private static TemporaryFolder CopyAsAfterKill(string folder)
    {
        var copy = new TemporaryFolder();
        foreach (var name in (string[])["chat.db", "chat.db-wal", "lock"])
            File.WriteAllBytes(Path.Combine(copy.Path, name), ReadShared(Path.Combine(folder, name)));
        return copy;
    }

    // Another process reads the files: closing a file in this process would release SQLite's locks on it.
    private static byte[] ReadShared(string file)
    {
        using var cat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("cat", [file]) { RedirectStandardOutput = true })!;
        using var bytes = new MemoryStream();
        cat.StandardOutput.BaseStream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
