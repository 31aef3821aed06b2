using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Edits, deletions and reactions: live, in history, after a reconnect and on the disk.</summary>
public sealed class MessageChangeTests
{
    [Test]
    public async Task Edit_replaces_the_text_for_everybody_in_the_room_and_for_users_who_join_later()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await ann.SayAsync("secret draft");
        await ann.SayAsync("between");

        (await ann.RequestAsync<AckFrame>(Edit(1, "final"))).Seq.Should().Be(3);
        (await bob.Inbox.ExpectAsync<EditedFrame>()).Should().Match<EditedFrame>(edit => edit.Of == 1 && edit.Seq == 3 && edit.Text == "final" && edit.From.Name == "ann");
        (await ann.RequestAsync<AckFrame>(Edit(1, "last word"))).Seq.Should().Be(4);

        foreach (var after in (long?[])[null, 0])
        {
            var (carol, _) = await ChatClient.JoinAsync(server.HttpPort, "carol");
            var joined = await carol.RequestAsync<JoinedFrame>(Join("lobby", after));
            Text(joined.Messages).Should().NotContain("secret draft").And.NotContain("final");
            joined.Messages.DecodeMessages()[0].Should().Match<MessageFrame>(message => message.Text == "last word" && message.Edited != null);
            await carol.DisposeAsync();
        }

        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Only_the_author_edits_and_only_the_author_or_a_moderator_deletes()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", "garden");
        await bob.SayAsync("by bob", room: "garden");
        await ann.SayAsync("by ann", room: "garden");

        (await ann.RequestAsync<ErrorFrame>(Edit(1, "not mine"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await bob.RequestAsync<ErrorFrame>(Delete(2))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await ann.RequestAsync<AckFrame>(Delete(1))).Seq.Should().Be(3, "ann owns the room");
        (await bob.Inbox.ExpectAsync<DeletedFrame>()).Should().Match<DeletedFrame>(deleted => deleted.Of == 1 && deleted.From.Name == "ann");
        (await bob.RequestAsync<ErrorFrame>(Edit(1, "too late"))).Error.Code.Should().Be(ErrorCode.NotFound);
        (await bob.RequestAsync<ErrorFrame>(Delete(99))).Error.Code.Should().Be(ErrorCode.NotFound);
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Client_that_was_away_receives_the_edits_deletions_and_reactions_that_it_missed()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var (bob, joined) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 2);
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "lobby", Id = FrameId.From("l") });
        await ann.RequestAsync<AckFrame>(Edit(1, "changed"));
        await ann.RequestAsync<AckFrame>(Delete(2));
        await ann.RequestAsync<AckFrame>(React(1, "👍"));

        var back = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 2, joined.Epoch));
        back.Recovered.Should().BeTrue();
        back.Messages.Select(Decode).Should().SatisfyRespectively(
            edit => edit.Should().Match<EditedFrame>(frame => frame.Seq == 3 && frame.Of == 1 && frame.Text == "changed"),
            deletion => deletion.Should().Match<DeletedFrame>(frame => frame.Seq == 4 && frame.Of == 2),
            reaction => reaction.Should().Match<ReactedFrame>(frame => frame.Seq == 5 && frame.Of == 1 && frame.Emoji == "👍"));
        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Message_lists_the_users_of_each_reaction()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await ann.SayAsync("hi");
        await bob.RequestAsync<AckFrame>(React(1, "👍"));
        await ann.RequestAsync<AckFrame>(React(1, "👍"));
        await ann.RequestAsync<AckFrame>(React(1, "🎉"));
        (await ann.RequestAsync<AckFrame>(React(1, "🎉"))).Duplicate.Should().BeTrue("the same emoji counts once");
        await ann.RequestAsync<AckFrame>(React(1, "🎉") with { Off = true, Id = FrameId.From("off") });
        (await ann.RequestAsync<ErrorFrame>(React(1, "shrug"))).Error.Code.Should().Be(ErrorCode.BadField);

        var message = (await bob.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Before = 2, Id = FrameId.From("h") })).Messages.DecodeMessages().Single();
        message.Reactions.Should().ContainSingle();
        message.Reactions![0].Emoji.Should().Be("👍");
        message.Reactions[0].People.Select(person => person.Name).Should().Equal("bob", "ann");
        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Replaced_and_deleted_texts_are_not_in_the_data_folder_after_the_server_stops()
    {
        using var data = new TemporaryFolder();
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
            // The first text is longer than a page of the database, so it is on several pages. The second text shares a page with other data.
            await ann.SayAsync("the-deleted-text " + new string('x', 7000) + " the-deleted-end");
            await ann.SayAsync("the-replaced-text");
            await ann.RequestAsync<AckFrame>(Edit(2, "the-second-text"));
            await ann.RequestAsync<AckFrame>(Edit(2, "the-present-text"));
            await ann.RequestAsync<AckFrame>(Delete(1));
            await ann.DisposeAsync();
        }

        var bytes = string.Concat(Directory.GetFiles(data.Path).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        bytes.Should().Contain("the-present-text");
        foreach (var gone in (string[])["the-deleted-text", "the-deleted-end", "the-replaced-text", "the-second-text"])
            bytes.Contains(gone, StringComparison.Ordinal).Should().BeFalse(gone);
    }

    private static ClientFrame Edit(long seq, string text) => new() { Type = ClientFrameType.Edit, Seq = seq, Text = text, Id = FrameId.From($"edit {text}") };

    private static ClientFrame Delete(long seq) => new() { Type = ClientFrameType.Delete, Seq = seq, Id = FrameId.From($"delete {seq}") };

    private static ClientFrame React(long seq, string emoji) => new() { Type = ClientFrameType.React, Seq = seq, Emoji = emoji, Id = FrameId.From($"react {emoji} {Guid.NewGuid():n}") };

    private static ServerFrame Decode(ReadOnlyMemory<byte> json) => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : throw new AssertionException(Encoding.UTF8.GetString(json.Span));

    private static string Text(IEnumerable<ReadOnlyMemory<byte>> frames) => string.Concat(frames.Select(frame => Encoding.UTF8.GetString(frame.Span)));
}
