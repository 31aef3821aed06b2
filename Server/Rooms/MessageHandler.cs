using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>Handles the requests about a message that exists: <c>edit</c>, <c>delete</c> and <c>react</c>.</summary>
internal sealed class MessageHandler(ChatServices services)
{
    /// <summary>Handles <c>edit</c>: only the author may change the text.</summary>
    public async ValueTask EditAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, message) = await FindAsync(context, frame, answers);
        if (message is null)
            return;
        if (message.Content.Author != context.User.Id)
            context.Reject(answers, frame.Id, RequestErrors.CreateRejected(AppendRejection.NotAuthor, room!.Name, message.Seq));
        else if ((services.PostHandler.ValidateText(frame.Text!) ?? await services.PostHandler.CheckRateAsync(context, frame.Text!)) is { } error)
            context.Reject(answers, frame.Id, error);
        else
        {
            var mentions = await services.PostHandler.FindMentionsAsync(context, room!, frame.Text!);
            var edit = CreateChange(context, RoomEventKind.Edited, message) with { Text = frame.Text!, Mentions = mentions };
            await services.PostHandler.PostAsync(context, room!, answers, frame, edit);
        }
    }

    /// <summary>Handles <c>delete</c>: the author, owners and moderators may delete a message.</summary>
    public async ValueTask DeleteAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, message) = await FindAsync(context, frame, answers);
        if (message is null)
            return;
        if (message.Content.Author != context.User.Id && context.GetRole(room!.Moderation) == RoomRole.Member)
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, "you can delete only your own messages; owners and moderators can delete all"));
        else if (await services.PostHandler.CheckRateAsync(context, "") is { } error)
            context.Reject(answers, frame.Id, error);
        else
            await services.PostHandler.PostAsync(context, room!, answers, frame, CreateChange(context, RoomEventKind.Deleted, message));
    }

    /// <summary>Handles <c>react</c>: adds or removes a reaction of the user.</summary>
    public async ValueTask ReactAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        if (!EmojiRule.TryNormalize(frame.Emoji!, out var emoji))
        {
            var hint = Hint.Create(new ClientFrame { Type = ClientFrameType.React, Seq = frame.Seq, Emoji = "👍", Room = frame.Room }, frame.IsTyped);
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.BadField, "\"emoji\" must be one emoji", hint));
            return;
        }

        var (room, message) = await FindAsync(context, frame, answers);
        if (message is null)
            return;
        if (await services.PostHandler.CheckRateAsync(context, "") is { } error)
            context.Reject(answers, frame.Id, error);
        else
            await services.PostHandler.PostAsync(context, room!, answers, frame, CreateChange(context, RoomEventKind.Reacted, message) with { Emoji = emoji, Off = frame.Off });
    }

    private static NewEvent CreateChange(ChatContext context, RoomEventKind kind, RoomEvent message) =>
        new(kind, context.User.Id, context.User.Name, "") { Of = message.Seq };

    // Finds the room and the message of a request. If there is none, answers with an error.
    private async ValueTask<(RoomLoop? Room, RoomEvent? Message)> FindAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return default;
        }

        if (frame.Seq > room.History.LastSeq)
            await room.RefreshAsync();
        if (await room.History.FindAsync(frame.Seq!.Value) is { Content.Kind: RoomEventKind.Message, IsDeleted: false } message)
            return (room, message);
        context.Reject(answers, frame.Id, RequestErrors.CreateRejected(AppendRejection.NotFound, room.Name, frame.Seq.Value));
        return default;
    }
}
