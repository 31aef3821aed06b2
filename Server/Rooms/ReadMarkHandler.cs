using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>read</c>, <c>notify</c> and <c>typing</c>. A <c>read</c> moves a read mark forward: the seq up to which a user has read a room. The
/// mark belongs to the user, not to a connection, and never moves back.
/// </summary>
internal sealed class ReadMarkHandler(ChatServices services)
{
    /// <summary>Handles <c>read</c>: moves the user's read mark forward, and sends the new mark to the user's other connections.</summary>
    public async ValueTask ReadAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        await room.WaitForAcknowledgedAsync();
        var seq = Math.Min(frame.Seq!.Value, room.History.LastSeq);
        var mark = await services.Catalog.AdvanceReadMarkAsync(room.Name, context.User.Id, seq, CancellationToken.None);
        if (mark == seq && services.Sessions.GetConnections(context.User.Id).Count > 1 && await services.Catalog.GetMemberAsync(room.Name, context.User.Id, CancellationToken.None) is { } state)
            await room.SendToOthersAsync(context.Connection, context.User.Id, new ReadFrame(room.Name, mark, state.Unread, state.Mentions).Encode());
        if (mark == seq)
            services.Nodes.Announce(new ReadNotice(room.Name, context.User.Id, mark));
        answers.Send(new AckFrame(frame.Id, room.Name, mark));
    }

    /// <summary>Handles <c>notify</c>: stores for which messages of a room the user gets notifications.</summary>
    public async ValueTask NotifyAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        await services.Catalog.SetNotifyAsync(room.Name, context.User.Id, frame.Level!, CancellationToken.None);
        answers.Send(new AckFrame(frame.Id));
    }

    /// <summary>
    /// Handles <c>typing</c>: announces that the user is writing, or has stopped. A request without an id gets no answer, not even an error.
    /// </summary>
    public async ValueTask TypingAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is not null)
            await room.AnnounceTypingAsync(context.Connection, frame.Off);
        if (frame.Id.IsNone)
            return;
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else
            answers.Send(new AckFrame(frame.Id));
    }
}
