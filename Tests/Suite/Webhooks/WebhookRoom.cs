using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>A room and the connection of its owner.</summary>
public sealed record WebhookRoom(string Name, ChatClient Owner) : IAsyncDisposable
{
    /// <summary>The settings of a server that may send webhooks to this process.</summary>
    public static readonly string[] Settings = ["--Webhooks:AllowedNetworks:0", "127.0.0.0/8", "--Limits:Enabled", "false"];

    public static async Task<WebhookRoom> CreateAsync(ServerUnderTest server, string? name = null)
    {
        var owner = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
        var room = name ?? $"r{Guid.NewGuid():n}";
        await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From("create") });
        return new WebhookRoom(room, owner);
    }

    public Task<WebhookFrame> SetAsync(string url) => RequestAsync("set", url);

    public Task<WebhookFrame> RequestAsync(string what, string? url = null) => Owner.RequestAsync<WebhookFrame>(Create(what, url));

    public async Task<ChatError> FailAsync(string what, string? url = null) => (await Owner.RequestAsync<ErrorFrame>(Create(what, url))).Error;

    public Task<AckFrame> SayAsync(string text) => Owner.RequestAsync<AckFrame>(Say(text, $"{Guid.NewGuid():n}", Name));

    public Task<AckFrame> ActAsync(ClientFrame frame) => Owner.RequestAsync<AckFrame>(frame with { Room = Name, Id = FrameId.From($"{Guid.NewGuid():n}") });

    /// <summary>Waits until the webhook is in a state.</summary>
    public async Task<WebhookFrame> ExpectAsync(Predicate<WebhookFrame> condition, string what)
    {
        WebhookFrame shown = null!;
        await TestWait.UntilAsync(async () => condition(shown = await RequestAsync("show")), what);
        return shown;
    }

    public ClientFrame Create(string what, string? url = null) =>
        new() { Type = ClientFrameType.Webhook, Do = what, Url = url, Room = Name, Id = FrameId.From($"{Guid.NewGuid():n}") };

    public ValueTask DisposeAsync() => Owner.DisposeAsync();
}
