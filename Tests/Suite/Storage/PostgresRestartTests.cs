using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Storage;

/// <summary>A conversation on a server with PostgreSQL continues after a restart of the server.</summary>
[Category(Categories.Slow)] // runs PostgreSQL
public sealed class PostgresRestartTests
{
    [Test]
    public async Task Session_cursor_and_changed_messages_survive_a_restart()
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        string session;
        JoinedFrame before;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Postgres", database))
        {
            await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
            session = (await ann.Inbox.ExpectAsync<WelcomeFrame>()).Session;
            before = await ann.RequestAsync<JoinedFrame>(Join("lobby"));
            foreach (var text in (string[])["one", "two", "three"])
                await ann.RequestAsync<AckFrame>(Say(text, text, "lobby"));
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Edit, Room = "lobby", Seq = 1, Text = "first", Id = FrameId.From("e") });
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Room = "lobby", Seq = 2, Emoji = "👍", Id = FrameId.From("r") });
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Room = "lobby", Seq = 3, Id = FrameId.From("d") });
        }

        await using (var server = await ServerUnderTest.StartAsync("--Data:Postgres", database))
        {
            await using var ann = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={session}");
            (await ann.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(welcome => welcome.Name == "ann" && welcome.Session == session);
            var joined = await ann.RequestAsync<JoinedFrame>(Join("lobby", after: 1, before.Epoch));
            joined.Should().Match<JoinedFrame>(frame => frame.Recovered == true && frame.Seq == 6 && frame.Epoch == before.Epoch);
            joined.Messages.Should().HaveCount(5);
            (await ann.RequestAsync<AckFrame>(Say("two", "two", "lobby"))).Should().Match<AckFrame>(ack => ack.Duplicate && ack.Seq == 2);
            (await ann.RequestAsync<AckFrame>(Say("four", "four", "lobby"))).Seq.Should().Be(7);
            var history = await ann.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Room = "lobby", After = 0, Limit = 10, Id = FrameId.From("h") });
            history.Messages.DecodeMessages().Select(message => message.Text).Should().Equal("first", "two", "", "four");
        }
    }
}
