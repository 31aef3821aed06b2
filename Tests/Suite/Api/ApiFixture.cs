using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

/// <summary>A server for the tests of a class. Each test has a room of its own, with an owner and a token.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public abstract class ApiFixture
{
    protected ServerUnderTest Server { get; private set; } = null!;

    /// <summary>A client without a token.</summary>
    protected HttpTestClient Http { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartServerAsync()
    {
        Server = await ServerUnderTest.StartAsync();
        Http = new HttpTestClient(Server.HttpPort);
    }

    [OneTimeTearDown]
    public async Task StopServerAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }

    protected Task<TokenRoom> CreateRoomAsync(bool isPrivate = false) => TokenRoom.CreateAsync(Server, isPrivate);
}

/// <summary>A room with its owner, a bot's token, and a program that uses the token.</summary>
public sealed record TokenRoom(string Name, ChatClient Owner, string Token, HttpTestClient Program) : IAsyncDisposable
{
    public const string BotName = "build-server";

    public string Messages => $"/api/rooms/{Name}/messages";

    public string Hook => $"/hooks/{Token}";

    public static async Task<TokenRoom> CreateAsync(ServerUnderTest server, bool isPrivate = false, string path = "")
    {
        var owner = await ChatClient.ConnectAsync(server.HttpPort, $"{path}/ws");
        var room = $"r{Guid.NewGuid():n}";
        await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = FrameId.From("create") });
        var token = (await owner.CreateTokenAsync(room, BotName)).Token!;
        return new TokenRoom(room, owner, token, new HttpTestClient(server.HttpPort, token));
    }

    /// <summary>Posts a message as the program.</summary>
    public Task<HttpTestResponse> PostAsync(string body) => Program.PostAsync(Messages, body);

    /// <summary>Reads the history as the program.</summary>
    public async Task<HistoryFrame> ReadAsync(string query = "")
    {
        var answer = await Program.GetAsync(Messages + query);
        answer.Status.Should().Be(200, answer.Body);
        return answer.ReadFrame<HistoryFrame>();
    }

    public async ValueTask DisposeAsync()
    {
        Program.Dispose();
        await Owner.DisposeAsync();
    }
}

public static class TokenSteps
{
    /// <summary>Creates a token of a room that the client moderates.</summary>
    public static Task<TokensFrame> CreateTokenAsync(this IChatPeer owner, string room, string name) =>
        owner.RequestAsync<TokensFrame>(Tokens("create", room, name));

    public static ClientFrame Tokens(string what, string room, string? name = null) =>
        new() { Type = ClientFrameType.Tokens, Do = what, Room = room, Name = name, Id = FrameId.From($"t{Guid.NewGuid():n}") };

    /// <summary>The body of a response as a frame.</summary>
    public static T ReadFrame<T>(this HttpTestResponse response)
        where T : ServerFrame =>
        ChatCodec.TryReadServer(System.Text.Encoding.UTF8.GetBytes(response.Body), out var frame) && frame is T wanted ? wanted : throw new AssertionException($"{response.Status}: {response.Body}");
}
