using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>backup</c> copies all data as of one moment, and a server can start with the copy.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class BackupTests
{
    [Test]
    public async Task Backup_of_a_busy_server_contains_all_acknowledged_messages_and_a_server_starts_on_it()
    {
        using TemporaryFolder folder = new(), restored = new();
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Data:Path", folder.Path, "--Limits:Enabled", "false");
        using var stop = new CancellationTokenSource();
        var acknowledged = new AckedMessages();
        var senders = Enumerable.Range(0, 4).Select(n => SendMessagesAsync(port, $"ann{n}", acknowledged, stop.Token)).ToList();
        await TestWait.UntilAsync(() => acknowledged.Count > 300, "300 acknowledged messages");

        var before = acknowledged.Newest;
        var copy = Path.Combine(restored.Path, "chat.db");
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--Data:Path", folder.Path, "backup", copy]);
        var after = acknowledged.Newest;
        await stop.CancelAsync();
        await Task.WhenAll(senders);

        error.Should().BeEmpty();
        exitCode.Should().Be(0);
        output.Should().StartWith($"Backed up {folder.Path} to {copy} (");
        after.Should().BeGreaterThan(before, "the server stores messages during the backup");
        Directory.GetFiles(restored.Path).Should().Equal(copy);
        (await RunAsync(restored.Path, "check")).ShouldSucceed().Output.Should().StartWith("No damage: 1 room");

        await using var another = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{port = ServerUnderTest.FindFreePort()}", "--RawTcp:Port", "0", "--Data:Path", restored.Path);
        var (bob, joined) = await ChatClient.JoinAsync(port, "bob");
        await using var _ = bob;
        joined.Seq.Should().BeGreaterThanOrEqualTo(before);
        (await bob.SayAsync("back again")).Seq.Should().Be(joined.Seq + 1);
    }

    // The server writes while the backup copies the database step by step. Without a snapshot, the copy would start again after each write.
    [Test]
    public async Task Backup_is_a_snapshot_even_if_the_server_writes_during_the_backup()
    {
        using var storage = new TestStorage();
        using var copy = new TemporaryFolder();
        await storage.Log.OpenAsync("a", default);
        for (var i = 0; i < 4; i++)
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 1_100).Select(_ => CreateMessage(new string('x', 4_000)))], default);

        var file = Path.Combine(copy.Path, "chat.db");
        await File.WriteAllBytesAsync(file, []);
        var steps = new Steps(() => storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 1_100).Select(_ => CreateMessage("meanwhile"))], default).AsTask().GetAwaiter().GetResult());
        await Task.Run(() => DatabaseBackup.Copy(SqliteChatDatabase.Find(storage.Folder), file, steps, default));

        steps.Copied.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.HaveCountGreaterThan(3);
        (await RunAsync(copy.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 4400 events, 0 accounts\n");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().NotContain(" 4400 events");
    }

    [Test]
    public async Task Backup_works_without_a_running_server()
    {
        using var storage = await CreateFilledStorageAsync();
        using var copy = new TemporaryFolder();
        storage.Storage.Dispose();
        var file = Path.Combine(copy.Path, "chat.db");
        (await RunAsync(storage.Folder, "backup", file)).ShouldSucceed();
        (await RunAsync(copy.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
        if (!OperatingSystem.IsWindows())
            (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)).Should().Be(UnixFileMode.None);
        var header = await File.ReadAllBytesAsync(file);
        header[18..20].Should().Equal([1, 1], "the backup is one file, without a write-ahead log");
    }

    // After the backup, the original server and a server on the backup assign the same sequence numbers to different events. Only the epoch
    // distinguishes these events.
    [Test]
    public async Task Rooms_of_a_restored_backup_get_new_epochs()
    {
        using var storage = await CreateFilledStorageAsync();
        using TemporaryFolder copy = new(), target = new();
        var file = Path.Combine(copy.Path, "chat.db");
        (await RunAsync(storage.Folder, "backup", file)).ShouldSucceed();
        var epochs = new List<string> { (await storage.Log.OpenAsync("lobby", default)).Epoch, (await storage.Log.OpenAsync("garden", default)).Epoch };
        for (var i = 0; i < 2; i++)
        {
            using var restored = new TestStorage();
            restored.Storage.Dispose();
            File.Copy(file, Path.Combine(restored.Folder, "chat.db"), overwrite: true);
            restored.Reopen();
            foreach (var room in (string[])["lobby", "garden"])
                epochs.Add((await restored.Log.OpenAsync(room, default)).Epoch);
            var first = epochs[^1];
            restored.Reopen();
            (await restored.Log.OpenAsync("garden", default)).Epoch.Should().Be(first);
        }

        epochs.Should().OnlyHaveUniqueItems().And.OnlyContain(epoch => epoch.Length == 16);
        var exported = (await RunAsync(copy.Path, "export", "lobby")).ShouldSucceed().Output;
        (await RunWithInputAsync(exported, target.Path, "import", "-")).ShouldSucceed().Output.Should().MatchRegex("epoch [0-9a-f]{16}\n$");
    }

    [Test]
    public async Task Backup_never_overwrites_a_file()
    {
        using var storage = await CreateFilledStorageAsync();
        using var copy = new TemporaryFolder();
        var file = Path.Combine(copy.Path, "b");
        await File.WriteAllTextAsync(file, "mine");
        (await RunAsync(storage.Folder, "backup", file)).ShouldFail($"backup: \"{file}\" already exists");
        (await RunAsync(storage.Folder, "backup", Path.Combine(storage.Folder, "chat.db"))).ShouldFail("already exists");
        (await File.ReadAllTextAsync(file)).Should().Be("mine");

        await File.WriteAllTextAsync($"{file}2.partial", "another's");
        (await RunAsync(storage.Folder, "backup", $"{file}2")).ShouldFail("2.partial\" exists");
        (await File.ReadAllTextAsync($"{file}2.partial")).Should().Be("another's");
    }

    [Test]
    public async Task Interrupted_or_failed_command_leaves_no_file()
    {
        using var storage = await CreateFilledStorageAsync();
        using var copy = new TemporaryFolder();
        var file = Path.Combine(copy.Path, "b");
        (await RunInterruptedAsync(storage.Folder, "backup", file)).ShouldFail("backup: interrupted", exitCode: 130);
        (await RunInterruptedAsync(storage.Folder, "export", "lobby", "--output", file)).ShouldFail("export: interrupted", exitCode: 130);
        Directory.GetFiles(copy.Path).Should().BeEmpty();

        (await RunAsync(storage.Folder, "backup", Path.Combine(copy.Path, "none", "b"))).ShouldFail("cannot be created");
        (await RunAsync(copy.Path, "backup", file)).ShouldFail("there is no database");
        Directory.GetFiles(copy.Path).Should().BeEmpty();
    }

    private static async Task SendMessagesAsync(int port, string name, AckedMessages acknowledged, CancellationToken stop)
    {
        var (client, _) = await ChatClient.JoinAsync(port, name);
        await using (client)
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                acknowledged.Add((await client.SayAsync($"{name} {i}")).Seq!.Value);
        }
    }

    private sealed class AckedMessages
    {
        private long _newest;
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public long Newest => Interlocked.Read(ref _newest);

        public void Add(long seq)
        {
            Interlocked.Increment(ref _count);
            var newest = Newest;
            while (seq > newest && Interlocked.CompareExchange(ref _newest, seq, newest) is var seen && seen != newest)
                newest = seen;
        }
    }

    private sealed class Steps(Action between) : IProgress<WorkProgress>
    {
        public List<long> Copied { get; } = [];

        public void Report(WorkProgress value)
        {
            if (value.Total == 0)
                return;
            Copied.Add(value.Done);
            if (Copied.Count > 50)
                throw new AssertionException($"the copy starts again after each write: {string.Join(", ", Copied)}");
            between();
        }
    }
}
