using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>backup</c> copies everything as of one moment, and a server starts on the copy.</summary>
public sealed class BackupTests
{
    [Test]
    public async Task A_backup_beside_a_busy_server_holds_all_that_was_acknowledged_and_a_server_starts_on_it()
    {
        using TemporaryFolder folder = new(), restored = new();
        var port = ServerUnderTest.FreePort();
        await using var server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Data:Path", folder.Path, "--Limits:Enabled", "false");
        using var enough = new CancellationTokenSource();
        var acknowledged = new Acknowledged();
        var speakers = Enumerable.Range(0, 4).Select(n => SpeakAsync(port, $"ann{n}", acknowledged, enough.Token)).ToList();
        await Patience.UntilAsync(() => acknowledged.Count > 300, "much to be said");

        var before = acknowledged.Newest;
        var copy = Path.Combine(restored.Path, "chat.db");
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--Data:Path", folder.Path, "backup", copy]);
        var after = acknowledged.Newest;
        await enough.CancelAsync();
        await Task.WhenAll(speakers);

        error.Should().BeEmpty();
        exitCode.Should().Be(0);
        output.Should().StartWith($"Backed up {folder.Path} to {copy} (");
        after.Should().BeGreaterThan(before, "the server is busy meanwhile");
        Directory.GetFiles(restored.Path).Should().Equal(copy);
        (await RunAsync(restored.Path, "check")).ShouldSucceed().Output.Should().StartWith("Sound: 1 room");

        await using var another = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{port = ServerUnderTest.FreePort()}", "--RawTcp:Port", "0", "--Data:Path", restored.Path);
        var (bob, joined) = await ChatClient.JoinAsync(port, "bob");
        await using var _ = bob;
        joined.Seq.Should().BeGreaterThanOrEqualTo(before);
        (await bob.SayAsync("back again")).Seq.Should().Be(joined.Seq + 1);
    }

    // Each write between two steps would begin a copy anew that holds no view of its own.
    [Test]
    public async Task A_backup_is_of_one_moment_however_much_is_written_meanwhile()
    {
        using var storage = new OpenStorage();
        using var copy = new TemporaryFolder();
        await storage.Log.OpenAsync("a", default);
        for (var i = 0; i < 4; i++)
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 1_100).Select(_ => Said(new string('x', 4_000)))], default);

        var file = Path.Combine(copy.Path, "chat.db");
        await File.WriteAllBytesAsync(file, []);
        var steps = new Steps(() => storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 1_100).Select(_ => Said("meanwhile"))], default).AsTask().GetAwaiter().GetResult());
        await Task.Run(() => DatabaseBackup.Copy(DataFolder.Find(storage.Folder), file, steps, default));

        steps.Copied.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.HaveCountGreaterThan(3);
        (await RunAsync(copy.Path, "check")).ShouldSucceed().Output.Should().Be("Sound: 1 room, 4400 events, 0 accounts\n");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().NotContain(" 4400 events");
    }

    [Test]
    public async Task A_backup_can_be_made_where_no_server_runs()
    {
        using var storage = await FilledAsync();
        using var copy = new TemporaryFolder();
        storage.Storage.Dispose();
        var file = Path.Combine(copy.Path, "chat.db");
        (await RunAsync(storage.Folder, "backup", file)).ShouldSucceed();
        (await RunAsync(copy.Path, "check")).ShouldSucceed().Output.Should().Be("Sound: 2 rooms, 1551 events, 1 account\n");
        if (!OperatingSystem.IsWindows())
            (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)).Should().Be(UnixFileMode.None);
        var header = await File.ReadAllBytesAsync(file);
        header[18..20].Should().Equal([1, 1], "one file alone is the whole database: no write-ahead log belongs to it");
    }

    // What the original has said since the backup has seqs that a server on the backup gives again.
    [Test]
    public async Task Each_restored_backup_is_another_log_for_those_who_come_back()
    {
        using var storage = await FilledAsync();
        using TemporaryFolder copy = new(), target = new();
        var file = Path.Combine(copy.Path, "chat.db");
        (await RunAsync(storage.Folder, "backup", file)).ShouldSucceed();
        var epochs = new List<string> { (await storage.Log.OpenAsync("lobby", default)).Epoch, (await storage.Log.OpenAsync("garden", default)).Epoch };
        for (var i = 0; i < 2; i++)
        {
            using var restored = new OpenStorage();
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
        (await FeedAsync(exported, target.Path, "import", "-")).ShouldSucceed().Output.Should().MatchRegex("epoch [0-9a-f]{16}\n$");
    }

    [Test]
    public async Task Nothing_is_overwritten()
    {
        using var storage = await FilledAsync();
        using var copy = new TemporaryFolder();
        var file = Path.Combine(copy.Path, "b");
        await File.WriteAllTextAsync(file, "mine");
        (await RunAsync(storage.Folder, "backup", file)).ShouldFail($"backup: \"{file}\" is there already");
        (await RunAsync(storage.Folder, "backup", Path.Combine(storage.Folder, "chat.db"))).ShouldFail("is there already");
        (await File.ReadAllTextAsync(file)).Should().Be("mine");

        await File.WriteAllTextAsync($"{file}2.partial", "another's");
        (await RunAsync(storage.Folder, "backup", $"{file}2")).ShouldFail("2.partial\" is there");
        (await File.ReadAllTextAsync($"{file}2.partial")).Should().Be("another's");
    }

    [Test]
    public async Task What_was_half_done_is_undone()
    {
        using var storage = await FilledAsync();
        using var copy = new TemporaryFolder();
        var file = Path.Combine(copy.Path, "b");
        (await InterruptAsync(storage.Folder, "backup", file)).ShouldFail("backup: interrupted", exitCode: 130);
        (await InterruptAsync(storage.Folder, "export", "lobby", "--output", file)).ShouldFail("export: interrupted", exitCode: 130);
        Directory.GetFiles(copy.Path).Should().BeEmpty();

        (await RunAsync(storage.Folder, "backup", Path.Combine(copy.Path, "none", "b"))).ShouldFail("cannot be made");
        (await RunAsync(copy.Path, "backup", file)).ShouldFail("there is no database");
        Directory.GetFiles(copy.Path).Should().BeEmpty();
    }

    private static async Task SpeakAsync(int port, string name, Acknowledged acknowledged, CancellationToken enough)
    {
        var (client, _) = await ChatClient.JoinAsync(port, name);
        await using (client)
        {
            for (var i = 0; !enough.IsCancellationRequested; i++)
                acknowledged.Add((await client.SayAsync($"{name} {i}")).Seq!.Value);
        }
    }

    private sealed class Acknowledged
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

    private sealed class Steps(Action between) : IProgress<Advance>
    {
        public List<long> Copied { get; } = [];

        public void Report(Advance value)
        {
            if (value.Total == 0)
                return;
            Copied.Add(value.Done);
            if (Copied.Count > 50)
                throw new AssertionException($"the copy begins anew and anew: {string.Join(", ", Copied)}");
            between();
        }
    }
}
