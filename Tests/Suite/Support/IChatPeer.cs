using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>A client of the chat, on any transport.</summary>
public interface IChatPeer : IAsyncDisposable
{
    FrameInbox Inbox { get; }

    /// <summary>Starts to read. Call it only if the peer did not start to read when it connected.</summary>
    void Read();

    Task SendAsync(ClientFrame frame);

    /// <summary>Sends one frame as raw text, valid or not.</summary>
    Task SendAsync(string text);
}

public static class ChatPeerExtensions
{
    /// <summary>Sends a frame and waits for the answer with its id.</summary>
    public static async Task<T> RequestAsync<T>(this IChatPeer peer, ClientFrame frame)
        where T : ServerFrame
    {
        await peer.SendAsync(frame);
        return await peer.Inbox.ExpectAsync<T>(answer => GetId(answer) == frame.Id);
    }

    public static ClientFrame Say(string text, string? id = null, string? room = null) =>
        new() { Type = ClientFrameType.Say, Text = text, Room = room, Id = id is null ? default : FrameId.From(id) };

    public static ClientFrame Join(string room, long? after = null, string? epoch = null, int? limit = null) =>
        new() { Type = ClientFrameType.Join, Room = room, After = after, Epoch = epoch, Limit = limit, Id = FrameId.From($"j{Guid.NewGuid():n}") };

    public static MessageFrame[] DecodeMessages(this IEnumerable<ReadOnlyMemory<byte>> frames) =>
        [.. frames.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : null).OfType<MessageFrame>()];

    public static FrameId GetId(ServerFrame frame) => frame switch
    {
        WelcomeFrame answer => answer.Id,
        AckFrame answer => answer.Id,
        ErrorFrame answer => answer.Id,
        JoinedFrame answer => answer.Id,
        HistoryFrame answer => answer.Id,
        RoomsFrame answer => answer.Id,
        ResultsFrame answer => answer.Id,
        WhoFrame answer => answer.Id,
        HelpFrame answer => answer.Id,
        TokensFrame answer => answer.Id,
        WebhookFrame answer => answer.Id,
        PongFrame answer => answer.Id,
        _ => default,
    };
}
