using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>A client of the chat by whichever way in.</summary>
public interface IChatPeer : IAsyncDisposable
{
    FrameInbox Inbox { get; }

    /// <summary>Begins to read, for a peer that did not until now.</summary>
    void Read();

    Task SendAsync(ClientFrame frame);

    /// <summary>One frame as a person or a faulty program would write it.</summary>
    Task SendAsync(string text);
}

public static class ChatPeerVerbs
{
    /// <summary>Sends and waits for the answer that bears its id.</summary>
    public static async Task<T> AskAsync<T>(this IChatPeer peer, ClientFrame frame)
        where T : ServerFrame
    {
        await peer.SendAsync(frame);
        return await peer.Inbox.ExpectAsync<T>(answer => IdOf(answer) == frame.Id);
    }

    public static ClientFrame Say(string text, string? id = null, string? room = null) =>
        new() { Type = ClientFrameType.Say, Text = text, Room = room, Id = id is null ? default : FrameId.From(id) };

    public static ClientFrame Join(string room, long? after = null, string? epoch = null, int? limit = null) =>
        new() { Type = ClientFrameType.Join, Room = room, After = after, Epoch = epoch, Limit = limit, Id = FrameId.From($"j{Guid.NewGuid():n}") };

    public static MessageFrame[] MessagesOf(this IEnumerable<ReadOnlyMemory<byte>> frames) =>
        [.. frames.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : null).OfType<MessageFrame>()];

    public static FrameId IdOf(ServerFrame frame) => frame switch
    {
        WelcomeFrame answer => answer.Id,
        AckFrame answer => answer.Id,
        ErrorFrame answer => answer.Id,
        JoinedFrame answer => answer.Id,
        HistoryFrame answer => answer.Id,
        RoomsFrame answer => answer.Id,
        WhoFrame answer => answer.Id,
        HelpFrame answer => answer.Id,
        PongFrame answer => answer.Id,
        _ => default,
    };
}
