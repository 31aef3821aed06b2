using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Api;

/// <summary>Requests of programs while the room is replaced, while the storage fails, and while the server stops.</summary>
public sealed class ApiFaultTests
{
    private InterruptedTokenStore _tokens = null!;

    [Test]
    public async Task Post_is_rejected_if_a_new_room_of_the_same_name_replaces_the_room_after_the_token_check()
    {
        await using var server = await StartServerAsync();
        await using var room = await TokenRoom.CreateAsync(server);
        await using var eve = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
        await room.PostAsync("""{"text":"before"}""");
        _tokens.OnFound = async () =>
        {
            await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Close, Room = room.Name, Id = FrameId.From("close") });
            await eve.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room.Name, Private = true, Id = FrameId.From("create") });
            await eve.SendAsync(Say("secret", id: "s", room: room.Name));
            await eve.Inbox.ExpectAsync<MessageFrame>();
        };
        (await room.PostAsync("""{"text":"after"}""")).ShouldBe(404, ErrorCode.NoRoom);
        var history = await eve.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Room = room.Name, Id = FrameId.From("h") });
        history.Messages.DecodeMessages().Select(message => message.Text).Should().Equal("secret");
    }

    [Test]
    public async Task Request_gets_503_while_the_storage_cannot_be_read_and_a_later_request_succeeds()
    {
        await using var server = await StartServerAsync();
        await using var room = await TokenRoom.CreateAsync(server);
        foreach (var request in (Func<Task<HttpTestResponse>>[])[() => room.PostAsync("""{"text":"x"}"""), () => room.Program.GetAsync(room.Messages), () => room.Program.PostAsync(room.Hook, """{"text":"x"}""")])
        {
            _tokens.OnFound = () => throw new StorageException("the disk is gone");
            var answer = await request();
            answer.ShouldBe(503, ErrorCode.Unavailable);
            answer.Headers["Retry-After"].Should().Equal("1");
            (await request()).Status.Should().BeInRange(200, 201);
        }
    }

    [Test]
    public async Task Program_gets_429_while_too_many_bytes_of_answers_are_unread()
    {
        await using var server = await ServerUnderTest.StartAsync("--Http:AnswerBytes", "1048576");
        await using var room = await TokenRoom.CreateAsync(server);
        var answers = server.Services.GetRequiredService<ChatEndpoints>().Http.Answers;
        answers.Add(1_048_576);
        (await room.Program.GetAsync(room.Messages)).ShouldBe(429, ErrorCode.RateLimited);
        answers.Remove(1_048_576);
        (await room.Program.GetAsync(room.Messages)).Status.Should().Be(200);
        await TestWait.UntilAsync(() => answers.Bytes == 0, "the answer to be released");
    }

    [TestCase("/openapi.json", "GET, OPTIONS")]
    [TestCase("/asyncapi.json", "GET, OPTIONS")]
    public async Task POST_to_an_API_document_gets_405_with_an_error(string path, string allowed)
    {
        await using var server = await StartServerAsync();
        using var http = new HttpTestClient(server.HttpPort);
        var answer = await http.PostAsync(path, "{}");
        answer.ShouldBe(405, ErrorCode.BadFrame);
        string.Join(", ", answer.Headers["Allow"]).Should().Be(allowed);
    }

    [Test]
    public async Task API_is_under_the_path_of_PathBase()
    {
        await using var server = await ServerUnderTest.StartAsync("--PathBase", "/chat", "--Data:Durability", "none");
        await using var room = await TokenRoom.CreateAsync(server, path: "/chat");
        (await room.Program.PostAsync($"/chat{room.Messages}", """{"text":"x"}""")).Status.Should().Be(201);
        (await room.Program.PostAsync($"/chat{room.Hook}", """{"text":"x"}""")).Body.Should().Be("ok");
        (await room.Program.GetAsync("/chat/openapi.json")).Body.Should().Contain($"http://127.0.0.1:{server.HttpPort}/chat");
        (await room.Program.PostAsync(room.Messages, """{"text":"x"}""")).Status.Should().Be(404);
    }

    [Test]
    public async Task Stopping_server_has_stored_all_acknowledged_posts()
    {
        using var folder = new TemporaryFolder();
        string[] settings = ["--Data:Path", folder.Path, "--Limits:Enabled", "false"];
        var acknowledged = new List<string>();
        string messages, token;
        await using (var server = await ServerUnderTest.StartAsync(settings))
        {
            await using var room = await TokenRoom.CreateAsync(server);
            (messages, token) = (room.Messages, room.Token);
            var posting = Task.Run(async () =>
            {
                try
                {
                    for (var i = 0; (await room.PostAsync($$"""{"text":"m{{i}}"}""")).Status == 201; i++)
                        acknowledged.Add($"m{i}");
                }
                catch (HttpRequestException)
                {
                    // The server has stopped.
                }
            });
            await TestWait.UntilAsync(() => acknowledged.Count > 20, "some posts");
            await server.StopAsync();
            await posting.OrFail("the end of the posts");
        }

        await using var again = await ServerUnderTest.StartAsync(settings);
        using var program = new HttpTestClient(again.HttpPort, token);
        for (var after = 0; after < acknowledged.Count; after += 200)
        {
            var page = (await program.GetAsync($"{messages}?after={after}&limit=200")).ReadFrame<HistoryFrame>();
            page.Messages.DecodeMessages().Select(message => message.Text).Should().StartWith(acknowledged.Skip(after).Take(200));
        }
    }

    private Task<ServerUnderTest> StartServerAsync() => ServerUnderTest.StartAsync(
        services => services.AddSingleton<ITokenStore>(provider => _tokens = new InterruptedTokenStore(provider.GetRequiredService<MemoryTokenStore>())), "--Data:Durability", "none");

    /// <summary>A token store that calls a function of the test once, after the store's next search for a token.</summary>
    private sealed class InterruptedTokenStore(ITokenStore inner) : ITokenStore
    {
        private Func<Task>? _onFound;

        public Func<Task>? OnFound { set => _onFound = value; }

        public async ValueTask<StoredToken?> FindAsync(string tokenHash, CancellationToken cancellationToken)
        {
            var found = await inner.FindAsync(tokenHash, cancellationToken);
            if (Interlocked.Exchange(ref _onFound, null) is { } interrupt)
                await interrupt();
            return found;
        }

        public ValueTask<TokenCreation> AddAsync(StoredToken token, int max, CancellationToken cancellationToken) => inner.AddAsync(token, max, cancellationToken);

        public ValueTask<IReadOnlyList<StoredToken>> ListAsync(string room, CancellationToken cancellationToken) => inner.ListAsync(room, cancellationToken);

        public ValueTask<StoredToken?> RevokeAsync(string room, string name, CancellationToken cancellationToken) => inner.RevokeAsync(room, name, cancellationToken);
    }
}
