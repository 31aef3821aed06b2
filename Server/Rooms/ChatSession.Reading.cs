using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <content>How far somebody has read: <c>read</c>. A mark is the user's, whichever device told it, and never goes back.</content>
public sealed partial class ChatSession
{
    private async ValueTask ReadAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Mine(frame, out var error) is not { } room)
        {
            Refuse(answers, frame.Id, error!);
            return;
        }

        var before = await ReadMarkAsync(room) ?? 0;
        var mark = Math.Min(frame.Seq!.Value, room.History.Last);
        if (mark > before)
        {
            mark = await _services.Catalog.MarkReadAsync(room.Name, Me.User, mark, CancellationToken.None);
            await room.TellReadAsync(Me, mark);
        }

        Answer(answers, new AckFrame(frame.Id, room.Name, Math.Max(mark, before)));
    }

    // Null where nothing was told yet.
    private async ValueTask<long?> ReadMarkAsync(RoomLoop room) =>
        await _services.Catalog.ReadMarkAsync(room.Name, Me.User, CancellationToken.None) is > 0 and var mark ? mark : null;
}
