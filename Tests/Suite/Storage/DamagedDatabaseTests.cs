using System.Text;
using Microsoft.Data.Sqlite;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>If the database is damaged or truncated, the server refuses to start or answers with an error. It never sends wrong data.</summary>
[Category(Categories.Slow)] // writes large databases
[Parallelizable(ParallelScope.Self)]
public sealed class DamagedDatabaseTests
{
    private const int PageBytes = 4096;

    // With this number of events, dozens of pages of the database contain only events.
    private const int Messages = 3000;

    // The data folder of a server with two full rooms, after an orderly shutdown of the server. Each test damages a copy of the folder.
    private TemporaryFolder _filled = null!;

    [OneTimeSetUp]
    public async Task FillFolder() => _filled = await CreateFilledFolderAsync();

    [OneTimeTearDown]
    public void DeleteFolder() => _filled.Dispose();

    [Test]
    public async Task Server_refuses_a_database_with_a_damaged_header()
    {
        using var folder = CopyFilledFolder();
        Overwrite(GetDatabaseFile(folder), at: 0);
        (await FaultyDiskServer.GetStartErrorAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(GetDatabaseFile(folder)).And.Contain("damaged").And.Contain("restore a backup");
    }

    [Test]
    public async Task Server_refuses_a_file_that_is_not_a_database_and_leaves_it_unchanged()
    {
        using var folder = new TemporaryFolder();
        var notes = new string('n', 10_000);
        await File.WriteAllTextAsync(GetDatabaseFile(folder), notes);
        (await FaultyDiskServer.GetStartErrorAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(GetDatabaseFile(folder)).And.Contain("damaged");
        (await File.ReadAllTextAsync(GetDatabaseFile(folder))).Should().Be(notes);
    }

    [Test]
    public async Task Server_refuses_a_truncated_database()
    {
        using var folder = CopyFilledFolder();
        using (var file = File.OpenWrite(GetDatabaseFile(folder)))
            file.SetLength(file.Length / 2 / PageBytes * PageBytes);
        (await FaultyDiskServer.GetStartErrorAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(GetDatabaseFile(folder)).And.Contain("damaged").And.Contain("restore a backup");
    }

    [Test]
    public async Task Server_answers_unavailable_for_damaged_events_and_logs_the_damage_once()
    {
        using var folder = CopyFilledFolder();
        Overwrite(GetDatabaseFile(folder), FindPage(GetDatabaseFile(folder), "broken 1500 "));

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        for (var i = 0; i < 5; i++)
            (await ann.RequestAsync<ErrorFrame>(FaultyDiskServer.CreateHistoryRequest("broken", after: 1400))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await ann.RequestAsync<ErrorFrame>(ChatPeerExtensions.Join("broken", after: 1400))).Error.Code.Should().Be(ErrorCode.Unavailable);

        // Undamaged events, other rooms and new messages are not affected.
        var page = await ann.RequestAsync<HistoryFrame>(FaultyDiskServer.CreateHistoryRequest("broken", after: 0));
        page.Messages.DecodeMessages().Select(message => message.Text).Should().Equal(Enumerable.Range(1, 200).Select(i => CreateText("broken", i)));
        await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("sound", limit: 1));
        (await FaultyDiskServer.ReadLogAsync(ann, "sound")).Select(said => said.Text).Should().Equal(Enumerable.Range(1, Messages).Select(i => CreateText("sound", i)));
        (await ann.SayAsync("go on", room: "sound")).Seq.Should().Be(Messages + 1);
        await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("broken", limit: 1));
        (await ann.SayAsync("go on", room: "broken")).Seq.Should().Be(Messages + 1);
        server.LoggedLines.Where(line => line.StartsWith("      ", StringComparison.Ordinal)).Should().ContainSingle().Which.Should()
            .Contain("room \"broken\"").And.Contain(GetDatabaseFile(folder)).And.Contain("restore a backup");
    }

    [Test]
    public async Task Server_closes_only_the_subscriber_whose_catch_up_reads_damaged_events()
    {
        using var folder = CopyFilledFolder();
        Overwrite(GetDatabaseFile(folder), FindPage(GetDatabaseFile(folder), "broken 1500 "));

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("broken", limit: 1));
        await using var bob = await ChatClient.ConnectAsync(server.Port, "/ws?name=bob");
        await bob.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("broken", after: 0));
        (await bob.Closed.OrFail(() => $"the connection to close; received {string.Join(" ", bob.Inbox.All.TakeLast(3))}, and {string.Join(" ", server.LoggedLines)}")).Code.Should().Be(1011);

        var seen = bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        seen.Should().Equal(Enumerable.Range(201, seen.Count).Select(seq => (long)seq), "the events before the damage have no hole");
        await ann.SayAsync("go on", room: "broken");
        server.LoggedLines.Where(line => line.StartsWith("      ", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().Contain("room \"broken\"");
    }

    // The newest acknowledged events are lost. A client with a cursor beyond the log gets a gap.
    [Test]
    public async Task Room_log_is_shorter_but_has_no_hole_if_the_write_ahead_log_of_a_killed_server_is_lost()
    {
        using var folder = CopyFilledFolder();
        await using (var killed = await FaultyDiskServer.StartAsync(folder.Path))
        {
            var (bob, _) = await killed.JoinAsync("bob", "sound");
            await using var _1 = bob;
            (await bob.SayAsync("the last")).Seq.Should().Be(Messages + 1);
            await killed.KillAsync();
        }

        File.Delete(GetDatabaseFile(folder) + "-wal");

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        var joined = await ann.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("sound", after: Messages + 1));
        (joined.Seq, joined.Recovered).Should().Be((Messages, false));
        ann.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("sound", Messages + 1, Messages + 1));
        (await FaultyDiskServer.ReadLogAsync(ann, "sound")).Should().Equal(Enumerable.Range(1, Messages).Select(i => ((long)i, CreateText("sound", i))));
    }

    [Test]
    public void Server_leaves_one_database_file_after_an_orderly_shutdown()
    {
        Directory.GetFiles(_filled.Path).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
    }

    private static string GetDatabaseFile(TemporaryFolder folder) => Path.Combine(folder.Path, "chat.db");

    private static string CreateText(string room, int number) => $"{room} {number} {new string('t', 200)}";

    private TemporaryFolder CopyFilledFolder()
    {
        var copy = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(_filled.Path))
            File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        return copy;
    }

    // Fills two rooms through a server, and stops the server.
    private static async Task<TemporaryFolder> CreateFilledFolderAsync()
    {
        var folder = new TemporaryFolder();
        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        foreach (var room in (string[])["sound", "broken"])
        {
            await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) });
            for (var i = 1; i <= Messages; i++)
                await ann.SendAsync(ChatPeerExtensions.Say(CreateText(room, i), $"{room}-{i}", room));
            await ann.Inbox.ExpectAsync<AckFrame>(ack => ack.Id.ToString() == $"{room}-{Messages}");
        }

        await server.TerminateAsync();
        return folder;
    }

    private static long FindPage(string file, string text)
    {
        // Freed pages still contain old texts. VACUUM removes them.
        using (var database = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = "VACUUM";
            command.ExecuteNonQuery();
        }

        return File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) is >= 0 and var at ? at / PageBytes * PageBytes : throw new AssertionException($"\"{text}\" is not in the database file");
    }

    private static void Overwrite(string file, long at)
    {
        using var stream = File.OpenWrite(file);
        stream.Position = at;
        var garbage = new byte[PageBytes];
        new Random(1).NextBytes(garbage);
        stream.Write(garbage);
    }
}
