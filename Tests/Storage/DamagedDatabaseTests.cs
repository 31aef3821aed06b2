using System.Text;
using Microsoft.Data.Sqlite;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>A database that something else wrote into, cut off or took a file of: no start, or no answer, but never a wrong one.</summary>
public sealed class DamagedDatabaseTests
{
    private const int PageBytes = 4096;

    // Enough to settle, and for dozens of pages that hold nothing else.
    private const int Messages = 3000;

    [Test]
    public async Task A_database_whose_beginning_is_garbage_is_refused_in_one_line()
    {
        using var folder = await SomethingSaidAsync();
        Overwrite(FileIn(folder), at: 0);
        (await FaultyDiskServer.RefusalOfAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(FileIn(folder)).And.Contain("damaged").And.Contain("restore a backup");
    }

    [Test]
    public async Task What_is_no_database_is_refused_in_one_line_and_left_alone()
    {
        using var folder = new TemporaryFolder();
        var notes = new string('n', 10_000);
        await File.WriteAllTextAsync(FileIn(folder), notes);
        (await FaultyDiskServer.RefusalOfAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(FileIn(folder)).And.Contain("damaged");
        (await File.ReadAllTextAsync(FileIn(folder))).Should().Be(notes);
    }

    [Test]
    public async Task A_database_that_was_cut_off_is_refused_in_one_line()
    {
        using var folder = await SomethingSaidAsync();
        using (var file = File.OpenWrite(FileIn(folder)))
            file.SetLength(file.Length / 2 / PageBytes * PageBytes);
        (await FaultyDiskServer.RefusalOfAsync(folder.Path)).Should().StartWith("--Data:Path: ").And.Contain(FileIn(folder)).And.Contain("damaged").And.Contain("restore a backup");
    }

    [Test]
    public async Task Damage_in_a_room_is_told_to_those_who_ask_for_it_and_once_to_the_operator()
    {
        using var folder = await SomethingSaidAsync();
        Overwrite(FileIn(folder), PageOf(FileIn(folder), "broken 1500 "));

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        for (var i = 0; i < 5; i++)
            (await ann.AskAsync<ErrorFrame>(FaultyDiskServer.AskFor("broken", after: 1400))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await ann.AskAsync<ErrorFrame>(ChatPeerVerbs.Join("broken", after: 1400))).Error.Code.Should().Be(ErrorCode.Unavailable);

        // What is not damaged is there, and as it was; so is every other room, and what is said from now on.
        var page = await ann.AskAsync<HistoryFrame>(FaultyDiskServer.AskFor("broken", after: 0));
        page.Messages.MessagesOf().Select(message => message.Text).Should().Equal(Enumerable.Range(1, 200).Select(i => TextOf("broken", i)));
        await ann.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("sound", limit: 1));
        (await FaultyDiskServer.LogOfAsync(ann, "sound")).Select(said => said.Text).Should().Equal(Enumerable.Range(1, Messages).Select(i => TextOf("sound", i)));
        (await ann.SayAsync("go on", room: "sound")).Seq.Should().Be(Messages + 1);
        await ann.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("broken", limit: 1));
        (await ann.SayAsync("go on", room: "broken")).Seq.Should().Be(Messages + 1);
        server.Told.Where(line => line.StartsWith("      ", StringComparison.Ordinal)).Should().ContainSingle().Which.Should()
            .Contain("room \"broken\"").And.Contain(FileIn(folder)).And.Contain("restore a backup");
    }

    [Test]
    public async Task Who_catches_up_into_damage_is_closed_and_nobody_else_is()
    {
        using var folder = await SomethingSaidAsync();
        Overwrite(FileIn(folder), PageOf(FileIn(folder), "broken 1500 "));

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        await ann.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("broken", limit: 1));
        await using var bob = await ChatClient.ConnectAsync(server.Port, "/ws?name=bob");
        await bob.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("broken", after: 0));
        (await bob.Closed.OrFail(() => $"the end of who cannot catch up; there were {string.Join(" ", bob.Inbox.All.TakeLast(3))}, and {string.Join(" ", server.Told)}")).Code.Should().Be(1011);

        var seen = bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        seen.Should().Equal(Enumerable.Range(201, seen.Count).Select(seq => (long)seq), "what was sent has no hole");
        await ann.SayAsync("go on", room: "broken");
        server.Told.Where(line => line.StartsWith("      ", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().Contain("room \"broken\"");
    }

    // Nobody can know then what was acknowledged last. Who knows more than the log does is told so.
    [Test]
    public async Task Without_the_journal_file_of_a_killed_server_the_log_ends_sooner_and_has_no_hole()
    {
        using var folder = await SomethingSaidAsync();
        await using (var killed = await FaultyDiskServer.StartAsync(folder.Path))
        {
            var (bob, _) = await killed.JoinAsync("bob", "sound");
            await using var _1 = bob;
            (await bob.SayAsync("the last")).Seq.Should().Be(Messages + 1);
            await killed.KillAsync();
        }

        File.Delete(FileIn(folder) + "-wal");

        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        var joined = await ann.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("sound", after: Messages + 1));
        (joined.Seq, joined.Recovered).Should().Be((Messages, false));
        ann.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("sound", Messages + 1, Messages + 1));
        (await FaultyDiskServer.LogOfAsync(ann, "sound")).Should().Equal(Enumerable.Range(1, Messages).Select(i => ((long)i, TextOf("sound", i))));
    }

    [Test]
    public async Task A_server_that_ended_in_the_orderly_way_leaves_everything_in_one_file()
    {
        using var folder = await SomethingSaidAsync();
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Should().BeEquivalentTo("chat.db", "lock");
    }

    private static string FileIn(TemporaryFolder folder) => Path.Combine(folder.Path, "chat.db");

    private static string TextOf(string room, int number) => $"{room} {number} {new string('t', 200)}";

    // Two rooms, and a server that has ended.
    private static async Task<TemporaryFolder> SomethingSaidAsync()
    {
        var folder = new TemporaryFolder();
        await using var server = await FaultyDiskServer.StartAsync(folder.Path);
        await using var ann = await ChatClient.ConnectAsync(server.Port, "/ws?name=ann");
        foreach (var room in (string[])["sound", "broken"])
        {
            await ann.AskAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) });
            for (var i = 1; i <= Messages; i++)
                await ann.SendAsync(ChatPeerVerbs.Say(TextOf(room, i), $"{room}-{i}", room));
            await ann.Inbox.ExpectAsync<AckFrame>(ack => ack.Id.ToString() == $"{room}-{Messages}");
        }

        await server.TerminateAsync();
        return folder;
    }

    private static long PageOf(string file, string text)
    {
        // Pages that were freed still hold what stood there; after this there are none.
        using (var database = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = "VACUUM";
            command.ExecuteNonQuery();
        }

        return File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) is >= 0 and var at ? at / PageBytes * PageBytes : throw new AssertionException($"\"{text}\" is not in its place");
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
