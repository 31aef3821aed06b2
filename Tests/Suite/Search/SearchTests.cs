using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Search;

/// <summary>The request <c>search</c> with data in SQLite, in memory and in PostgreSQL.</summary>
[TestFixture("full")]
[TestFixture("none")]
[TestFixture(TestEngine.Postgres, Category = Categories.Slow)] // runs PostgreSQL
public sealed class SearchTests(string engine)
{
    private ServerUnderTest _server = null!;
    private TemporaryFolder _data = null!;
    private ChatClient _ann = null!;
    private ChatClient _bob = null!;
    private int _requests;

    // Each test uses its own word, because the tests share one server.
    private string _word = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _data = new TemporaryFolder();
        _server = await ServerUnderTest.StartAsync(["--Data:Path", _data.Path, .. await TestEngine.GetSettingsAsync(engine), "--Limits:Enabled", "false"]);
        (_ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        (_bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _ann.DisposeAsync();
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [SetUp]
    public void ChooseWord() => _word = $"word{Guid.NewGuid():n}";

    [Test]
    public async Task Messages_are_found_newest_first_with_marked_snippets()
    {
        await _ann.SayAsync($"the first {_word}", room: "lobby");
        await _bob.SayAsync($"{_word.ToUpperInvariant()} the second", room: "lobby");
        var results = await SearchAsync(_ann, $"the {_word}");
        results.Query.Should().Be($"the {_word}");
        results.Before.Should().BeNull();
        var messages = results.Messages.DecodeMessages();
        messages.Select(found => (found.Room, found.From.Name, found.Text)).Should().Equal(("lobby", "bob", $"{_word.ToUpperInvariant()} the second"), ("lobby", "ann", $"the first {_word}"));
        messages[1].Snippet.Should().BeEquivalentTo(new Snippet($"the first {_word}", [new(0, 3), new(10, _word.Length)]));
    }

    [Test]
    public async Task Found_message_has_its_new_text_and_its_reactions()
    {
        var (seq, other) = ((await _ann.SayAsync($"{_word} plums", room: "lobby")).Seq!.Value, (await _ann.SayAsync($"{_word} pears", room: "lobby")).Seq!.Value);
        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Edit, Seq = seq, Text = $"{_word} quinces" });
        await ChangeAsync(_bob, new ClientFrame { Type = ClientFrameType.React, Seq = seq, Emoji = "👍" });
        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Delete, Seq = other });

        var found = (await SearchAsync(_bob, _word)).Messages.DecodeMessages().Single();
        found.Should().Match<MessageFrame>(message => message.Seq == seq && message.Edited != null && message.Reactions!.Count == 1 && message.Text.EndsWith("quinces"));
        (await TextsAsync(_bob, $"{_word} plums")).Should().BeEmpty();
        (await TextsAsync(_bob, $"{_word} pears")).Should().BeEmpty();
        (await TextsAsync(_bob, $"from:ann {_word}")).Should().HaveCount(1);
    }

    [Test]
    public async Task Filters_select_messages_by_author_and_room_and_time_and_files()
    {
        var room = await CreateAsync(_ann);
        await _ann.SayAsync($"{_word} in the room", room: room);
        await _bob.SayAsync($"{_word} by bob", room: "lobby");
        await _ann.SayAsync($"{_word} \"by ann\"", room: "lobby");

        (await TextsAsync(_bob, $"{_word} from:ann")).Should().HaveCount(2);
        (await TextsAsync(_bob, $"{_word} from:@BOB")).Should().Equal($"{_word} by bob");
        (await TextsAsync(_bob, $"{_word} from:nobody")).Should().BeEmpty();
        (await TextsAsync(_bob, $"{_word} in:#{room}")).Should().Equal($"{_word} in the room");
        (await TextsAsync(_bob, $"{_word} \"by ann\"")).Should().HaveCount(1);
        (await TextsAsync(_bob, $"\"{_word} ann\"")).Should().BeEmpty();
        (await TextsAsync(_bob, $"{_word} before:2026-01-01")).Should().BeEmpty();
        (await TextsAsync(_bob, $"{_word} before:9999-01-01")).Should().HaveCount(3);
        (await TextsAsync(_bob, $"{_word} has:file")).Should().BeEmpty();
        (await TextsAsync(_bob, $"in:{room} from:ann")).Should().Equal($"{_word} in the room");
        var fields = new ClientFrame { Type = ClientFrameType.Search, Query = _word, Room = "lobby", From = "ann", Limit = 1000, Before = long.MaxValue };
        (await RequestAsync<ResultsFrame>(_bob, fields)).Messages.DecodeMessages().Single().Text.Should().Be($"{_word} \"by ann\"");
    }

    [Test]
    public async Task Cursor_returns_the_next_page()
    {
        for (var i = 1; i <= 5; i++)
            await _ann.SayAsync($"{_word} {i}", room: "lobby");
        var (texts, before) = (new List<string>(), (long?)null);
        do
        {
            var page = await RequestAsync<ResultsFrame>(_bob, new ClientFrame { Type = ClientFrameType.Search, Query = _word, Limit = 2, Before = before });
            texts.AddRange(page.Messages.DecodeMessages().Select(found => found.Text));
            before = page.Before;
        }
        while (before is not null);
        texts.Should().Equal(Enumerable.Range(1, 5).Reverse().Select(i => $"{_word} {i}"));

        var next = (await RequestAsync<ResultsFrame>(_bob, new ClientFrame { Type = ClientFrameType.Search, Query = _word, Limit = 2 })).Before!.Value;
        next.Should().BeLessThan(1L << 53, "JavaScript must be able to represent the cursor exactly");
        (await TextsAsync(_bob, SearchQuery.WithCursor(_word, next))).Should().HaveCount(3);
    }

    [Test]
    public async Task Results_with_long_messages_fit_into_an_answer_and_the_cursor_returns_the_rest()
    {
        for (var i = 0; i < 20; i++)
            await _ann.SayAsync($"{_word} {i} " + new string('語', 7_900), room: "lobby");
        var page = await RequestAsync<ResultsFrame>(_bob, new ClientFrame { Type = ClientFrameType.Search, Query = _word, Limit = 100 });
        page.Messages.Sum(message => message.Length).Should().BeLessThanOrEqualTo(256 * 1024);
        page.Messages.Should().HaveCountGreaterThan(5);
        page.Before.Should().NotBeNull();
        var rest = await RequestAsync<ResultsFrame>(_bob, new ClientFrame { Type = ClientFrameType.Search, Query = _word, Limit = 100, Before = page.Before });
        rest.Messages.DecodeMessages()[0].Seq.Should().Be(page.Messages.DecodeMessages()[^1].Seq - 1);
    }

    [Test]
    public async Task Only_members_find_the_messages_of_a_private_room()
    {
        var room = await CreateAsync(_ann, isPrivate: true);
        await _ann.SayAsync($"{_word} secret", room: room);
        (await TextsAsync(_ann, _word)).Should().HaveCount(1);
        (await TextsAsync(_bob, _word)).Should().BeEmpty();
        (await ErrorAsync(_bob, $"{_word} in:{room}")).Should().Be(await ErrorAsync(_bob, $"{_word} in:{room.Replace("room", "none")}")).And.Be(ErrorCode.NoRoom);
        (await TextsAsync(_bob, $"{_word} from:ann")).Should().BeEmpty();

        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Invite, User = "bob", Room = room });
        (await TextsAsync(_bob, _word)).Should().HaveCount(1);
        (await TextsAsync(_bob, $"{_word} in:{room}")).Should().HaveCount(1);

        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Kick, User = "bob", Room = room });
        (await TextsAsync(_bob, _word)).Should().BeEmpty();
        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Close, Room = room });
        (await TextsAsync(_ann, _word)).Should().BeEmpty();
    }

    [Test]
    public async Task Only_the_two_users_find_the_messages_of_a_direct_room()
    {
        await using var carol = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name=carol{_word[..8]}");
        var room = (await RequestAsync<JoinedFrame>(_ann, new ClientFrame { Type = ClientFrameType.Dm, To = "bob", Text = _word })).Room;
        await _bob.Inbox.ExpectAsync<InvitedFrame>(invited => invited.Room == room);
        await TestWait.UntilAsync(async () => (await TextsAsync(_bob, _word)).Count == 1, "the message");
        (await TextsAsync(carol, _word)).Should().BeEmpty();
    }

    [Test]
    public async Task User_who_is_not_banned_finds_the_messages_of_a_public_room_without_joining_the_room()
    {
        var room = await CreateAsync(_ann);
        await _ann.SayAsync(_word, room: room);
        (await TextsAsync(_bob, _word)).Should().HaveCount(1);

        await RequestAsync<JoinedFrame>(_bob, new ClientFrame { Type = ClientFrameType.Join, Room = room });
        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Ban, User = "bob", Room = room });
        (await TextsAsync(_bob, _word)).Should().BeEmpty();
        (await ErrorAsync(_bob, $"{_word} in:{room}")).Should().Be(ErrorCode.Banned);
        await using var stranger = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name=eve{_word[..8]}");
        (await TextsAsync(stranger, _word)).Should().BeEmpty("a ban of a guest applies to new guests of the same address");

        await ChangeAsync(_ann, new ClientFrame { Type = ClientFrameType.Unban, User = "bob", Room = room });
        (await TextsAsync(_bob, _word)).Should().HaveCount(1);
        (await TextsAsync(stranger, _word)).Should().HaveCount(1);
    }

    [TestCase("", ErrorCode.MissingField)]
    [TestCase("!!! ???", ErrorCode.BadField)]
    [TestCase("before:yesterday", ErrorCode.BadField)]
    [TestCase("in:no-such-room x", ErrorCode.NoRoom)]
    [TestCase("a b c d e f g h i j k l m n o p q", ErrorCode.BadField)]
    public async Task Bad_query_gets_an_error_with_a_hint_that_is_a_valid_request(string query, string code)
    {
        var error = (await RequestAsync<ErrorFrame>(_ann, new ClientFrame { Type = ClientFrameType.Search, Query = query })).Error;
        error.Code.Should().Be(code);
        ChatCodec.TryReadClient(System.Text.Encoding.UTF8.GetBytes(error.Hint!), out _, out _, out _).Should().BeTrue(error.Hint);
    }

    [TestCase("\" OR 1 --")]
    [TestCase("words:x OR filters:public")]
    [TestCase("NEAR(x y, 5) * ^x + {words} : x")]
    [TestCase("'; DROP TABLE events; --")]
    [TestCase("AND")]
    public async Task Query_syntax_of_the_index_is_read_as_plain_words(string query) => (await SearchAsync(_ann, query)).Messages.Should().BeEmpty();

    [Test]
    public async Task User_of_raw_TCP_can_search_with_a_line_of_text()
    {
        await _ann.SayAsync($"where is my {_word}?", room: "lobby");
        var seq = (await _ann.SayAsync($"found {_word}", room: "lobby")).Seq;
        await using var person = await LineClient.ConnectAsync(_server.RawPort);
        await person.SendAsync($"/search {_word} from:ann");
        await TestWait.UntilAsync(() => person.Lines.Any(line => line.Contains("where", StringComparison.Ordinal)), "the results");
        person.Lines.Where(line => line.Contains($"*{_word}*", StringComparison.Ordinal)).Should().HaveCount(2).And.Contain(line => line.StartsWith($"{seq} [2", StringComparison.Ordinal) && line.EndsWith($"#lobby <ann> found *{_word}*", StringComparison.Ordinal));

        await person.SendAsync("/search before:yesterday");
        await TestWait.UntilAsync(() => person.Lines.Any(line => line.StartsWith("! before: needs a day", StringComparison.Ordinal) && line.Contains("; try: /search lost keys before:2026-11-01", StringComparison.Ordinal)), "the error");
    }

    [Test]
    public async Task Welcome_and_help_offer_search()
    {
        (await RequestAsync<WelcomeFrame>(_ann, new ClientFrame { Type = ClientFrameType.Whoami })).Features.Should().Contain("search");
        (await RequestAsync<HelpFrame>(_ann, new ClientFrame { Type = ClientFrameType.Help })).Commands.Should().Contain(entry => entry.Command == "search");
    }

    [Test]
    public async Task Server_without_an_index_offers_no_search()
    {
        await using var server = await ServerUnderTest.StartAsync([.. await TestEngine.GetSettingsAsync(engine), "--Data:Path", Path.Combine(_data.Path, "other"), "--Data:Search", "false"]);
        await using var client = await ChatClient.ConnectAsync(server.HttpPort);
        (await client.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Search, Query = "x", Id = FrameId.From("q") })).Error.Code.Should().Be(ErrorCode.NotOffered);
        (await client.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") })).Features.Should().NotContain("search");
    }

    [Test]
    public async Task Too_many_searches_are_rejected_and_another_user_can_still_search()
    {
        await using var server = await ServerUnderTest.StartAsync([.. await TestEngine.GetSettingsAsync(engine), "--Data:Path", Path.Combine(_data.Path, "limited")]);
        await using var eager = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 60; i++)
            await eager.SendAsync($$"""{"type":"search","query":"x","id":"{{i}}"}""");
        var answer = (await eager.Inbox.ExpectAsync<ErrorFrame>()).Error;
        (answer.Code, answer.Text.StartsWith("too many searches", StringComparison.Ordinal)).Should().Be((ErrorCode.RateLimited, true));
        await using var other = await ChatClient.ConnectAsync(server.HttpPort);
        await other.RequestAsync<ResultsFrame>(new ClientFrame { Type = ClientFrameType.Search, Query = "x", Id = FrameId.From("q") });
    }

    private Task<ResultsFrame> SearchAsync(IChatPeer peer, string query) => RequestAsync<ResultsFrame>(peer, new ClientFrame { Type = ClientFrameType.Search, Query = query });

    private async Task<IReadOnlyList<string>> TextsAsync(IChatPeer peer, string query) => [.. (await SearchAsync(peer, query)).Messages.DecodeMessages().Select(found => found.Text)];

    private async Task<string> ErrorAsync(IChatPeer peer, string query) => (await RequestAsync<ErrorFrame>(peer, new ClientFrame { Type = ClientFrameType.Search, Query = query })).Error.Code;

    private async Task<string> CreateAsync(IChatPeer peer, bool isPrivate = false)
    {
        var room = $"room-{_word[..12]}";
        await RequestAsync<JoinedFrame>(peer, new ClientFrame { Type = ClientFrameType.Create, Room = room, Private = isPrivate });
        return room;
    }

    private Task<AckFrame> ChangeAsync(IChatPeer peer, ClientFrame frame) => RequestAsync<AckFrame>(peer, frame with { Room = frame.Room ?? "lobby" });

    private async Task<T> RequestAsync<T>(IChatPeer peer, ClientFrame frame)
        where T : ServerFrame => await peer.RequestAsync<T>(frame with { Id = FrameId.From($"s{++_requests}") });
}
