using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Operator.OperatorRunner;

namespace RawSocketChat.Tests.Operator;

/// <summary><c>erase</c> removes a user and everything that the user wrote. Other users keep what they wrote.</summary>
[Category(Categories.Slow)] // runs the operator commands on databases
[Parallelizable(ParallelScope.Self)]
public sealed class EraseTests
{
    private const string Password = "correct horse battery";

    [Test]
    public async Task Erased_user_leaves_no_text_or_name_or_reaction_in_any_file_and_other_users_keep_their_data()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            await using var ann = await RegisterAsync(server, "zephyrine");
            await ann.SayAsync("my plums are ripe");
            await ann.SayAsync("my quinces too");
            await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob&room=lobby");
            await bob.SayAsync("may I have some?");
            foreach (var line in (string[])["""{"type":"react","seq":3,"emoji":"🍐","id":"r"}""", """{"type":"edit","seq":2,"text":"my medlars too","id":"e"}""", """{"type":"topic","text":"call me at my orchard","id":"t"}"""])
            {
                await ann.SendAsync(line);
                await ann.Inbox.ExpectAsync<AckFrame>();
            }

            await bob.SendAsync("""{"type":"react","seq":1,"emoji":"🫐","id":"r"}""");
            await bob.Inbox.ExpectAsync<AckFrame>();
        }

        (await RunAsync(folder.Path, "erase", "--user", "ZEPHYRINE")).ShouldSucceed().Output.Should().Be("Erased zephyrine with 2 messages and 1 session\n");

        var bytes = Directory.GetFiles(folder.Path).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))).ToList();
        // The search index has the author's name in hexadecimal digits.
        foreach (var text in (string[])["plums", "quinces", "medlars", "orchard", "zephyrine", Convert.ToHexString("ZEPHYRINE"u8)])
            bytes.Should().OnlyContain(file => !file.Contains(text, StringComparison.OrdinalIgnoreCase), text);
        (await RunAsync(folder.Path, "check")).ShouldSucceed().Output.Should().Be("No damage: 1 room, 9 events, 0 accounts\n");
        var export = (await RunAsync(folder.Path, "export", "lobby")).ShouldSucceed().Output;
        export.Should().Contain("may I have some?").And.NotContain("plums").And.NotContain("zephyrine");

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        await using var carol = await ChatClient.ConnectAsync(next.HttpPort);
        await carol.SendAsync("""{"type":"join","room":"lobby"}""");
        var joined = await carol.Inbox.ExpectAsync<JoinedFrame>();
        joined.Topic.Should().BeEmpty();
        joined.Messages.DecodeMessages().Select(message => (message.Seq, message.From.Name, message.Text, message.Deleted, message.Reactions?.Count ?? 0)).Should().Equal(
            (1, "erased", "", true, 0), (2, "erased", "", true, 0), (3, "bob", "may I have some?", false, 0));

        // A client that returns with its cursor gets a deletion for each message.
        await carol.SendAsync("""{"type":"join","room":"lobby","after":7}""");
        (await carol.Inbox.ExpectAsync<JoinedFrame>()).Seq.Should().Be(9);
        await carol.SendAsync($$"""{"type":"nick","name":"erased","id":"n"}""");
        (await carol.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.BadName);
    }

    [Test]
    public async Task Guest_is_erased_by_user_id_even_after_the_last_session_has_ended()
    {
        using var storage = await CreateFilledStorageAsync();
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "erase", "--user", "bob")).ShouldSucceed().Output.Should().Be("Erased bob with 0 messages and 0 sessions\n");
        (await RunAsync(storage.Folder, "check")).ShouldSucceed();
        storage.Reopen();
        (await storage.Catalog.FindRoomAsync("lobby", default))!.Topic.Should().BeEmpty("bob set the topic");
    }

    [Test]
    public async Task Command_fails_with_one_line_and_erases_nothing_if_it_cannot_work()
    {
        using var storage = await CreateFilledStorageAsync();
        (await RunAsync(storage.Folder, "erase", "--user", "ann")).ShouldFail($"erase: another server uses the folder \"{storage.Folder}\"; stop it first");
        storage.Storage.Dispose();
        (await RunAsync(storage.Folder, "erase")).ShouldFail("erase: ");
        (await RunAsync(storage.Folder, "erase", "--user", "anm")).ShouldFail("erase: there is no user \"anm\"; did you mean \"ann\"?");
        (await RunInterruptedAsync(storage.Folder, "erase", "--user", "ann")).ShouldFail("erase: interrupted", exitCode: 130);
        (await RunAsync(storage.Folder, "check")).ShouldSucceed().Output.Should().Be("No damage: 2 rooms, 1551 events, 1 account\n");
    }

    private static async Task<ChatClient> RegisterAsync(ServerUnderTest server, string name)
    {
        var client = await ChatClient.ConnectAsync(server.HttpPort, "/ws?room=lobby");
        await client.SendAsync($$"""{"type":"register","name":"{{name}}","password":"{{Password}}"}""");
        await client.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
        return client;
    }
}
