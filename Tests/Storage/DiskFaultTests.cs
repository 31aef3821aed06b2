using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>A disk that is full, read-only or not to be had: what people are answered, and what the operator reads.</summary>
public sealed class DiskFaultTests
{
    private static readonly string Page = new('x', 4000);

    // The second number is just below what settles: putting that in its place needs more space than an append.
    [TestCase(10)]
    [TestCase(1020)]
    public async Task While_the_disk_is_full_nothing_is_acknowledged_and_nothing_else_ends_and_then_it_goes_on(int before)
    {
        using var disk = new TemporaryDisk(megabytes: 16);
        var server = await FaultyDiskServer.StartAsync(disk.Data);
        await using var first = server;
        var (ann, _) = await server.JoinAsync("ann");
        var (bob, _) = await server.JoinAsync("bob");
        await using var _1 = ann;
        await using var _2 = bob;
        var acked = new List<(long Seq, string Text)>();
        await SayAndKeepAsync(before);

        disk.Fill();
        var refused = new List<string>();
        for (var i = 0; refused.Count < 20; i++)
        {
            i.Should().BeLessThan(5000, "the disk takes no more than that");
            var (text, id) = ($"full {i} {Page}", $"full-{i}");
            if (await FaultyDiskServer.TrySayAsync(i % 2 == 0 ? ann : bob, text, id) is AckFrame ack)
            {
                acked.Add((ack.Seq!.Value, text));
                continue;
            }

            refused.Add(id);
        }

        // Reading, coming and asking go on.
        (await FaultyDiskServer.LogOfAsync(bob, "lobby")).Should().Equal(acked);
        var (cid, joined) = await server.JoinAsync("cid");
        await using var _3 = cid;
        joined.Seq.Should().Be(acked[^1].Seq);
        await ann.AskAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From("p") });
        var error = (ErrorFrame)await FaultyDiskServer.TrySayAsync(cid, "not now", "cid-1");
        error.Error.Should().Match<ChatError>(told => told.Code == ErrorCode.Unavailable && told.RetryAfterMs > 0);
        bob.Inbox.All.OfType<MessageFrame>().Select(message => (message.Seq, message.Text)).Should().Equal(acked, "nobody is shown what is not stored");
        server.Told.Should().HaveCount(2, "the operator is told once").And.Contain(line => line.Contains("the disk is full", StringComparison.Ordinal) && line.Contains(disk.Data, StringComparison.Ordinal));

        disk.Free();
        // By the ids that were refused: they were not used.
        foreach (var id in refused)
        {
            var ack = (AckFrame)await FaultyDiskServer.TrySayAsync(ann, $"again {id}", $"{id}");
            ack.Duplicate.Should().BeFalse();
            acked.Add((ack.Seq!.Value, $"again {id}"));
        }

        // The operator is told once it has gone well for some seconds.
        // Not as fast as can be: that would fill the small disk again.
        for (var since = Stopwatch.StartNew(); server.Told.Count < 4 && since.Elapsed < Patience.Bound;)
        {
            await SayAndKeepAsync(1);
            await Task.Delay(50);
        }

        server.Told.Should().HaveCount(4).And.Contain(line => line.Contains("stored again", StringComparison.Ordinal));
        await server.KillAsync();

        await using var second = await FaultyDiskServer.StartAsync(disk.Data);
        var (dan, _) = await second.JoinAsync("dan");
        await using var _4 = dan;
        (await FaultyDiskServer.LogOfAsync(dan, "lobby")).Should().Equal(acked);
        acked.Select(said => said.Seq).Should().Equal(Enumerable.Range(1, acked.Count).Select(seq => (long)seq));

        async Task SayAndKeepAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var text = $"{acked.Count} of ann";
                acked.Add(((await ann.SayAsync(text)).Seq!.Value, text));
            }
        }
    }

    [Test]
    public async Task A_disk_that_is_full_at_the_start_is_told_in_one_line()
    {
        using var disk = new TemporaryDisk(megabytes: 1);
        disk.Fill();
        (await FaultyDiskServer.RefusalOfAsync(disk.Data)).Should().StartWith("--Data:Path: ").And.Contain(disk.Data).And.Contain("full");
    }

    [Test]
    public async Task A_read_only_disk_is_told_in_one_line_whether_there_was_a_server_before_or_not()
    {
        using var disk = new TemporaryDisk(megabytes: 16);
        disk.MakeReadOnly();
        (await FaultyDiskServer.RefusalOfAsync(disk.Data)).Should().StartWith("--Data:Path: ").And.Contain(disk.Data).And.Contain("Read-only file system");

        disk.MakeWritable();
        await using (var server = await FaultyDiskServer.StartAsync(disk.Data))
            (await server.TerminateAsync()).Should().Be(0);
        disk.MakeReadOnly();
        (await FaultyDiskServer.RefusalOfAsync(disk.Data)).Should().StartWith("--Data:Path: ").And.Contain(disk.Data).And.Contain("Read-only file system");

        disk.MakeWritable();
        await using var back = await FaultyDiskServer.StartAsync(disk.Data);
    }

    [Test]
    public async Task A_second_server_on_the_folder_is_refused_and_disturbs_nobody()
    {
        using var folder = new TemporaryFolder();
        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        var (ann, _) = await server.JoinAsync("ann");
        await using var _1 = ann;
        await ann.SayAsync("one");

        (await FaultyDiskServer.RefusalOfAsync(folder.Path)).Should().StartWith("--Data:Path: another server uses the folder").And.Contain(folder.Path);

        (await ann.SayAsync("two")).Seq.Should().Be(2);
        server.Told.Should().BeEmpty();
    }

    [Test]
    public async Task What_a_killed_server_left_does_not_stop_the_next_one()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await FaultyDiskServer.StartAsync(folder.Path))
            await server.KillAsync();
        File.Exists(Path.Combine(folder.Path, "lock")).Should().BeTrue();
        await using var next = await FaultyDiskServer.StartAsync(folder.Path);
    }

    [TestCase("a/b/c/d")]
    [TestCase("with a space/Größe 文件/ñ")]
    [TestCase("per%20cent;Mode=ReadOnly 'quoted'")]
    public async Task A_folder_is_made_however_deep_and_whatever_its_name(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, name);
        await using (var server = await FaultyDiskServer.StartAsync(path))
        {
            var (ann, _) = await server.JoinAsync("ann");
            await using var _1 = ann;
            await ann.SayAsync("one");
            await server.KillAsync();
        }

        File.Exists(Path.Combine(path, "chat.db")).Should().BeTrue();
        await using var next = await FaultyDiskServer.StartAsync(path);
        var (bob, joined) = await next.JoinAsync("bob");
        await using var _2 = bob;
        joined.Seq.Should().Be(1);
    }

    [Test]
    public async Task A_path_that_is_a_file_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "data");
        await File.WriteAllTextAsync(file, "notes");
        (await FaultyDiskServer.RefusalOfAsync(file)).Should().StartWith("--Data:Path: ").And.Contain(file);
        (await File.ReadAllTextAsync(file)).Should().Be("notes");
    }

    [Test]
    public async Task A_database_file_that_cannot_be_opened_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "chat.db"));
        (await FaultyDiskServer.RefusalOfAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(Path.Combine(folder.Path, "chat.db"));
    }
}
