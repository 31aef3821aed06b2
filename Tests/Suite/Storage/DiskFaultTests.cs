using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>The answers to clients and the errors for the operator if the disk is full or read-only, or the data folder cannot be used.</summary>
[Category(Categories.Slow)] // mounts a small disk, as root
[Parallelizable(ParallelScope.Self)]
public sealed class DiskFaultTests
{
    private static readonly string LongText = new('x', 4000);

    // The number of events before the disk is full.
    [TestCase(10)]
    [TestCase(1020)]
    public async Task Server_rejects_messages_while_the_disk_is_full_and_accepts_them_afterwards(int before)
    {
        using var disk = new TemporaryDisk(megabytes: 40);
        var server = await FaultyDiskServer.StartAsync(disk.DataPath);
        await using var first = server;
        var (ann, _) = await server.JoinAsync("ann");
        var (bob, _) = await server.JoinAsync("bob");
        await using var _1 = ann;
        await using var _2 = bob;
        var acked = new List<(long Seq, string Text)>();
        await SendAndRecordAsync(before);

        disk.Fill();
        var refused = new List<string>();
        for (var i = 0; refused.Count < 20; i++)
        {
            i.Should().BeLessThan(5000, "the disk has no space for more messages");
            var (text, id) = ($"full {i} {LongText}", $"full-{i}");
            if (await FaultyDiskServer.TrySayAsync(i % 2 == 0 ? ann : bob, text, id) is AckFrame ack)
            {
                acked.Add((ack.Seq!.Value, text));
                continue;
            }

            refused.Add(id);
        }

        // Reading, joining and other requests still work.
        (await FaultyDiskServer.ReadLogAsync(bob, "lobby")).Should().Equal(acked);
        var (cid, joined) = await server.JoinAsync("cid");
        await using var _3 = cid;
        joined.Seq.Should().Be(acked[^1].Seq);
        await ann.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From("p") });
        var error = (ErrorFrame)await FaultyDiskServer.TrySayAsync(cid, "not now", "cid-1");
        error.Error.Should().Match<ChatError>(rejection => rejection.Code == ErrorCode.Unavailable && rejection.RetryAfterMs > 0);
        await TestWait.UntilAsync(() => bob.Inbox.All.OfType<MessageFrame>().Count() >= acked.Count, "bob to receive all acknowledged messages");
        bob.Inbox.All.OfType<MessageFrame>().Select(message => (message.Seq, message.Text)).Should().Equal(acked, "messages that are not stored are not delivered");
        server.LoggedLines.Should().HaveCount(2, "the error is logged once").And.Contain(line => line.Contains("the disk is full", StringComparison.Ordinal) && line.Contains(disk.DataPath, StringComparison.Ordinal));

        disk.Free();
        // Send messages with the ids of the rejected messages. The server must not treat these messages as duplicates.
        foreach (var id in refused)
        {
            var ack = (AckFrame)await FaultyDiskServer.TrySayAsync(ann, $"again {id}", $"{id}");
            ack.Duplicate.Should().BeFalse();
            acked.Add((ack.Seq!.Value, $"again {id}"));
        }

        // The server logs the recovery after some seconds without an error. Send messages slowly, because fast messages would fill the small disk again.
        for (var since = Stopwatch.StartNew(); server.LoggedLines.Count < 4 && since.Elapsed < TestWait.Timeout;)
        {
            await SendAndRecordAsync(1);
            await Task.Delay(50);
        }

        server.LoggedLines.Should().HaveCount(4).And.Contain(line => line.Contains("can store messages again", StringComparison.Ordinal));
        await server.KillAsync();

        await using var second = await FaultyDiskServer.StartAsync(disk.DataPath);
        var (dan, _) = await second.JoinAsync("dan");
        await using var _4 = dan;
        (await FaultyDiskServer.ReadLogAsync(dan, "lobby")).Should().Equal(acked);
        acked.Select(said => said.Seq).Should().Equal(Enumerable.Range(1, acked.Count).Select(seq => (long)seq));

        async Task SendAndRecordAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var text = $"{acked.Count} of ann";
                acked.Add(((await ann.SayAsync(text)).Seq!.Value, text));
            }
        }
    }

    [Test]
    public async Task Server_is_not_ready_while_the_disk_is_full_but_keeps_the_sessions_that_start_during_this_time()
    {
        using var disk = new TemporaryDisk(megabytes: 16);
        await using var server = await FaultyDiskServer.StartAsync(disk.DataPath);
        using var probe = new HttpTestClient(server.Port);
        (await probe.GetAsync("/readyz")).Status.Should().Be(200);

        disk.Fill();
        await TestWait.UntilAsync(async () => (await probe.GetAsync("/readyz")).Status == 503, "the server to find that the disk is full");
        var body = (await probe.GetAsync("/readyz")).Body;
        body.TrimEnd('\n').Should().Contain("the storage cannot write").And.NotContain("\n").And.NotContain(disk.Path, "anybody can read the answer");
        (await probe.GetAsync("/healthz")).Status.Should().Be(200);
        using var ann = await HttpTestClient.StartSessionAsync(server.Port, "ann");
        (await ann.SendAsync("""{"type":"join","room":"lobby"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<JoinedFrame>();
        await TestWait.UntilAsync(
            async () => (await ann.SendAsync($$"""{"type":"say","text":"{{LongText}}"}""")).Answers[0] is ErrorFrame { Error.Code: ErrorCode.Unavailable }, "a rejected message");

        disk.Free();
        await TestWait.UntilAsync(async () => (await probe.GetAsync("/readyz")).Status == 200, "the server to be ready again");
        (await ann.SendAsync("""{"type":"say","text":"hi"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
        await server.KillAsync();

        await using var next = await FaultyDiskServer.StartAsync(disk.DataPath);
        using var again = new HttpTestClient(next.Port, ann.Token);
        (await again.GetAsync("/poll")).Status.Should().Be(200, "the server stores the session of the author before the message");
    }

    [Test]
    public async Task Server_reports_a_full_disk_at_the_start_in_one_line()
    {
        using var disk = new TemporaryDisk(megabytes: 1);
        disk.Fill();
        (await FaultyDiskServer.GetStartErrorAsync(disk.DataPath)).Should().StartWith("--Data:Path: ").And.Contain(disk.DataPath).And.Contain("full");
    }

    [Test]
    public async Task Server_reports_a_read_only_disk_in_one_line_with_and_without_a_database()
    {
        using var disk = new TemporaryDisk(megabytes: 16);
        disk.MakeReadOnly();
        (await FaultyDiskServer.GetStartErrorAsync(disk.DataPath)).Should().StartWith("--Data:Path: ").And.Contain(disk.DataPath).And.Contain("Read-only file system");

        disk.MakeWritable();
        await using (var server = await FaultyDiskServer.StartAsync(disk.DataPath))
            (await server.TerminateAsync()).Should().Be(0);
        disk.MakeReadOnly();
        (await FaultyDiskServer.GetStartErrorAsync(disk.DataPath)).Should().StartWith("--Data:Path: ").And.Contain(disk.DataPath).And.Contain("Read-only file system");

        disk.MakeWritable();
        await using var back = await FaultyDiskServer.StartAsync(disk.DataPath);
    }

    [Test]
    public async Task Second_server_on_the_folder_is_refused_and_does_not_affect_the_first()
    {
        using var folder = new TemporaryFolder();
        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        var (ann, _) = await server.JoinAsync("ann");
        await using var _1 = ann;
        await ann.SayAsync("one");

        (await FaultyDiskServer.GetStartErrorAsync(folder.Path)).Should().StartWith("--Data:Path: another server uses the folder").And.Contain(folder.Path);

        (await ann.SayAsync("two")).Seq.Should().Be(2);
        server.LoggedLines.Should().BeEmpty();
    }

    [Test]
    public async Task Lock_file_of_a_killed_server_does_not_prevent_the_next_start()
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
    public async Task Server_creates_the_data_folder_with_any_depth_and_name(string name)
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
    public async Task Server_reports_a_data_path_that_is_a_file()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "data");
        await File.WriteAllTextAsync(file, "notes");
        (await FaultyDiskServer.GetStartErrorAsync(file)).Should().StartWith("--Data:Path: ").And.Contain(file);
        (await File.ReadAllTextAsync(file)).Should().Be("notes");
    }

    [Test]
    public async Task Server_reports_a_database_file_that_cannot_be_opened()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "chat.db"));
        (await FaultyDiskServer.GetStartErrorAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(Path.Combine(folder.Path, "chat.db"));
    }
}
