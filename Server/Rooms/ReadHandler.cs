using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>read</c>, which moves a read mark forward. A read mark is the seq up to which a user has read a room. The mark belongs to the
/// user, not to a connection, and never moves back.
/// </summary>
internal sealed class ReadHandler(ChatServices services)
{
    public async ValueTask ReadAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        var before = await GetMarkAsync(context, room) ?? 0;
        var mark = Math.Min(frame.Seq!.Value, room.History.LastSeq);
        if (mark > before)
        {
            mark = await services.Catalog.AdvanceReadMarkAsync(room.Name, context.User.Id, mark, CancellationToken.None);
            await room.AnnounceReadAsync(context.Person, mark);
        }

        answers.Send(new AckFrame(frame.Id, room.Name, Math.Max(mark, before)));
    }

    /// <summary>The user's read mark in a room; null if the user has never set one.</summary>
    public async ValueTask<long?> GetMarkAsync(ChatContext context, RoomLoop room) =>
        await services.Catalog.GetReadMarkAsync(room.Name, context.User.Id, CancellationToken.None) is > 0 and var mark ? mark : null;
}
