using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Api.TokenSteps;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Api;

/// <summary><c>/api/rooms/{room}/messages</c>.</summary>
public sealed class MessagesTests : ApiFixture
{
    [Test]
    public async Task Posted_message_gets_201_and_reaches_the_members_as_the_message_of_a_bot()
    {
        await using var room = await CreateRoomAsync();
        var answer = await room.PostAsync("""{"text":"disk is full"}""");
        answer.Status.Should().Be(201, answer.Body);
        var ack = answer.ReadFrame<AckFrame>();
        (ack.Room, ack.Seq, ack.Duplicate).Should().Be((room.Name, 1, false));

        var message = await room.Owner.Inbox.ExpectAsync<MessageFrame>();
        (message.Seq, message.At, message.Text).Should().Be((1, ack.At!.Value, "disk is full"));
        (message.From.Name, message.From.Bot).Should().Be((TokenRoom.BotName, true));
        message.From.User.Should().StartWith("b");

        var (bob, joined) = await ChatClient.JoinAsync(Server.HttpPort, "", room.Name);
        await using var __ = bob;
        joined.Messages.DecodeMessages().Single().Should().Be(message);
    }

    [Test]
    public async Task Repeated_id_of_a_token_stores_nothing_and_gets_the_first_answer_with_200()
    {
        await using var room = await CreateRoomAsync();
        var first = (await room.PostAsync("""{"text":"one","id":"k1"}""")).ReadFrame<AckFrame>();
        var again = await room.PostAsync("""{"text":"two","id":"k1"}""");
        again.Status.Should().Be(200);
        again.ReadFrame<AckFrame>().Should().Be(first with { Duplicate = true });
        (await room.PostAsync("""{"text":"three","id":1}""")).Status.Should().Be(201);
        (await room.PostAsync("""{"text":"three","id":1}""")).Status.Should().Be(200);
        (await room.ReadAsync()).Messages.DecodeMessages().Select(message => message.Text).Should().Equal("one", "three");

        var other = (await room.Owner.CreateTokenAsync(room.Name, "other")).Token;
        (await Http.PostAsync(room.Messages, """{"text":"mine","id":"k1"}""", ("Authorization", $"Bearer {other}"))).Status.Should().Be(201, "each token has its own ids");
    }

    [Test]
    public async Task Concurrent_posts_with_the_same_id_store_one_message()
    {
        await using var room = await CreateRoomAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => room.PostAsync("""{"text":"once","id":"k"}""")));
        answers.Select(answer => answer.Status).Order().Should().Equal([.. Enumerable.Repeat(200, 9), 201]);
        (await room.ReadAsync()).Messages.Should().ContainSingle();
    }

    [Test]
    public async Task Message_may_be_a_reply_or_an_action_and_may_mention_users_but_not_everybody()
    {
        await using var room = await CreateRoomAsync();
        var owner = room.Owner.Inbox.All.OfType<WelcomeFrame>().First();
        await room.PostAsync("""{"text":"first"}""");
        (await room.PostAsync($$"""{"text":"@here @{{owner.Name}}: look","reply":1,"me":true,"room":"lobby","type":"join","unknown":1}""")).Status.Should().Be(201);
        var message = await room.Owner.Inbox.ExpectAsync<MessageFrame>(found => found.Seq == 2);
        (message.Reply, message.Me).Should().Be((1, true));
        message.Mentions.Should().Equal(owner.User);
        (await room.PostAsync("""{"text":"x","reply":99}""")).ShouldBe(400, ErrorCode.NotFound);
    }

    [TestCase("""{"text":""}""", ErrorCode.MissingField)]
    [TestCase("{}", ErrorCode.MissingField)]
    [TestCase("""{"text":7}""", ErrorCode.BadField)]
    [TestCase("""{"text":"a\u0007b"}""", ErrorCode.BadField)]
    [TestCase("""{"text":"x","id":""}""", ErrorCode.BadField)]
    [TestCase("""{"text":"x","reply":-1}""", ErrorCode.BadField)]
    [TestCase("""{"text":"x","files":["f1"]}""", ErrorCode.NotOffered)]
    [TestCase("""{"text":"x" """, ErrorCode.BadJson)]
    [TestCase("disk is full", ErrorCode.BadJson)]
    [TestCase("", ErrorCode.BadJson)]
    public async Task Bad_body_gets_400_with_the_reason(string body, string code)
    {
        await using var room = await CreateRoomAsync();
        (await room.PostAsync(body)).ShouldBe(400, code);
        (await room.ReadAsync()).Messages.Should().BeEmpty();
    }

    [Test]
    public async Task Long_text_and_large_body_are_rejected()
    {
        await using var room = await CreateRoomAsync();
        (await room.PostAsync($$"""{"text":"{{new string('x', 8_000)}}"}""")).Status.Should().Be(201);
        (await room.PostAsync($$"""{"text":"{{new string('x', 8_001)}}"}""")).ShouldBe(400, ErrorCode.TooLong);
        (await room.PostAsync($$"""{"text":"{{new string('x', 65_536)}}"}""")).ShouldBe(413, ErrorCode.TooBig);
    }

    [Test]
    public async Task Request_without_a_valid_token_of_the_room_gets_401_whether_or_not_the_room_exists()
    {
        await using var room = await CreateRoomAsync(isPrivate: true);
        await using var other = await CreateRoomAsync();
        using var session = await HttpTestClient.StartSessionAsync(Server.HttpPort);
        var answers = new List<HttpTestResponse>();
        foreach (var path in (string[])[room.Messages, other.Messages, "/api/rooms/no-such-room/messages"])
        {
            answers.Add(await Http.GetAsync(path));
            answers.Add(await Http.PostAsync(path, """{"text":"x"}"""));
            answers.Add(await Http.PostAsync(path, """{"text":"x"}""", ("Authorization", $"Bearer {session.Token}")));
            answers.Add(await Http.PostAsync(path, """{"text":"x"}""", ("Authorization", $"Basic {room.Token}")));
            answers.Add(await Http.PostAsync(path, """{"text":"x"}""", ("Authorization", "Bearer wrong")));
        }

        answers.Add(await Http.PostAsync(room.Messages, """{"text":"x"}""", ("Authorization", $"Bearer {other.Token}")));
        answers.Add(await Http.PostAsync("/api/rooms/no-such-room/messages", """{"text":"x"}""", ("Authorization", $"Bearer {other.Token}")));
        answers.Select(answer => (answer.Status, answer.Body)).Distinct().Should().ContainSingle();
        answers[0].ShouldBe(401, ErrorCode.NotAllowed);
        answers[0].Headers["WWW-Authenticate"].Should().Equal("Bearer");
        (await room.ReadAsync()).Messages.Should().BeEmpty();
    }

    [Test]
    public async Task Token_of_a_private_room_works_and_the_address_may_contain_any_spelling_of_the_room_name()
    {
        await using var room = await CreateRoomAsync(isPrivate: true);
        foreach (var name in (string[])[room.Name, room.Name.ToUpperInvariant(), $"%23{room.Name}"])
            (await room.Program.PostAsync($"/api/rooms/{name}/messages/", """{"text":"x"}""")).Status.Should().Be(201, name);
    }

    [Test]
    public async Task Token_is_invalid_after_its_room_is_removed()
    {
        await using var room = await CreateRoomAsync();
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Close, Room = room.Name, Id = FrameId.From("close") });
        (await room.PostAsync("""{"text":"x"}""")).ShouldBe(401, ErrorCode.NotAllowed);
        await room.Owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room.Name, Id = FrameId.From("again") });
        (await room.PostAsync("""{"text":"x"}""")).ShouldBe(401, ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Bot_is_not_listed_as_a_member_and_can_post_in_slow_mode_and_in_a_room_without_members()
    {
        await using var room = await CreateRoomAsync();
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Slow, Room = room.Name, Seconds = 3600, Id = FrameId.From("slow") });
        await room.PostAsync("""{"text":"one"}""");
        await room.PostAsync("""{"text":"two"}""");
        var who = await room.Owner.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = room.Name, Id = FrameId.From("who") });
        who.Members.Should().ContainSingle().Which.Bot.Should().BeFalse();

        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = room.Name, Id = FrameId.From("leave") });
        (await room.PostAsync("""{"text":"three"}""")).ReadFrame<AckFrame>().Seq.Should().Be(4);
    }

    [Test]
    public async Task Moderator_can_delete_messages_of_a_bot_and_users_can_react_to_them()
    {
        await using var room = await CreateRoomAsync();
        await room.PostAsync("""{"text":"one"}""");
        await room.PostAsync("""{"text":"two"}""");
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Room = room.Name, Seq = 1, Id = FrameId.From("delete") });
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Room = room.Name, Seq = 2, Emoji = "👍", Id = FrameId.From("react") });
        var messages = (await room.ReadAsync()).Messages.DecodeMessages();
        messages.Should().OnlyContain(message => message.From.Bot);
        messages[0].Deleted.Should().BeTrue();
        messages[1].Reactions.Should().ContainSingle();
    }

    [Test]
    public async Task GET_returns_the_page_that_the_query_parameters_select()
    {
        await using var room = await CreateRoomAsync();
        for (var i = 1; i <= 9; i++)
            await room.PostAsync($$"""{"text":"m{{i}}"}""");

        (await SeqsAsync("")).Should().Equal(1, 2, 3, 4, 5, 6, 7, 8, 9);
        (await SeqsAsync("?limit=2")).Should().Equal(8, 9);
        (await SeqsAsync("?before=4&limit=2")).Should().Equal(2, 3);
        (await SeqsAsync("?after=4&limit=3")).Should().Equal(5, 6, 7);
        (await SeqsAsync("?around=5&limit=4")).Should().Equal(3, 4, 5, 6);
        (await SeqsAsync("?after=9")).Should().BeEmpty();
        (await room.ReadAsync("?limit=2")).More.Should().BeTrue();
        (await room.ReadAsync("?after=4")).More.Should().BeFalse();
        foreach (var query in (string[])["?limit=0", "?limit=x", "?before=-1", "?after=1.5", "?around=99999999999999999999"])
            (await room.Program.GetAsync(room.Messages + query)).ShouldBe(400, ErrorCode.BadField);

        async Task<IEnumerable<long>> SeqsAsync(string query) => (await room.ReadAsync(query)).Messages.DecodeMessages().Select(message => message.Seq);
    }

    [Test]
    public async Task Unsupported_methods_get_405_and_OPTIONS_gets_the_supported_methods()
    {
        await using var room = await CreateRoomAsync();
        (await Http.RequestAsync(HttpMethod.Delete, room.Messages, null)).ShouldBe(405, ErrorCode.BadFrame);
        (await Http.GetAsync(room.Hook)).ShouldBe(405, ErrorCode.BadFrame);
        foreach (var (path, allowed) in new[] { (room.Messages, "GET, POST, OPTIONS"), (room.Hook, "POST, OPTIONS") })
        {
            var answer = await Http.RequestAsync(HttpMethod.Options, path, null);
            (answer.Status, string.Join(", ", answer.Headers["Allow"])).Should().Be((204, allowed));
        }
    }
}
