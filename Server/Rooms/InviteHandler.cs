using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>Handles the requests that bring another user into a room: <c>invite</c> and <c>dm</c>.</summary>
internal sealed class InviteHandler(ChatServices services)
{
    /// <summary>Handles <c>invite</c>: makes another user a member of the room, and sends an invitation to that user's connections.</summary>
    public async ValueTask InviteAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else if (room.DirectUsers is not null)
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, "this room is for two users only", frame.CreateHint(ClientFrameType.Create, "my-room")));
        else if (context.Charge(Cost.UnknownName) is { } limited)
            context.Reject(answers, frame.Id, limited);
        else if (await services.Sessions.FindUserAsync(frame.User!) is not { } user)
            context.Reject(answers, frame.Id, CreateNoUserError(frame.User!));
        else if (room.Moderation.FindBan(user.Id, services.Time.GetUtcNow()) is not null)
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, $"{user.Name} is banned from \"{room.Name}\""));
        else if (!await services.Memberships.TryInviteAsync(user.Id, room.Name, context.Person))
            context.Reject(answers, frame.Id, CreateTooManyError(user.Name));
        else
        {
            Announce(context, room, user);
            answers.Send(new AckFrame(frame.Id));
        }
    }

    /// <summary>Handles <c>dm</c>: opens the room of two users, and creates the room if it does not exist.</summary>
    public async ValueTask DirectAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        if (((frame.Text is { } text ? services.PostHandler.ValidateText(text) : null) ?? context.Charge(Cost.UnknownName)) is { } error)
            context.Reject(answers, frame.Id, error);
        else if (await services.Sessions.FindUserAsync(frame.To!) is not { } other)
            context.Reject(answers, frame.Id, CreateNoUserError(frame.To!));
        else if (other.Id == context.User.Id)
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.BadField, "\"to\" must be another user"));
        else if (!await services.Sessions.EnsureSavedAsync(context.Session!))
            context.Reject(answers, frame.Id, RequestErrors.CreateNotStored());
        else
            await OpenAsync(context, frame, other, answers);
    }

    // Makes both users members of their room, lets the sender's connection join this room, and posts the text of the request if there is one.
    private async ValueTask OpenAsync(ChatContext context, ClientFrame frame, NamedUser other, IFrameSink answers)
    {
        var (room, error) = await FindOrCreateAsync(context, frame, other);
        error ??= await JoinBothAsync(context, room!, other);
        if (error is not null)
        {
            context.Reject(answers, frame.Id, error);
            return;
        }

        var join = new ClientFrame { Type = ClientFrameType.Join, Room = room!.Name, Id = frame.Id, IsTyped = frame.IsTyped };
        if (await services.RoomHandler.JoinAsync(context, join, answers) && frame.Text is not null)
            await services.PostHandler.SayAsync(context, new ClientFrame { Type = ClientFrameType.Say, Room = room.Name, Text = frame.Text, Id = frame.Id, IsTyped = frame.IsTyped }, answers);
    }

    // Makes both users members of their room. Returns an error if one of them is a member of too many rooms.
    private async ValueTask<ChatError?> JoinBothAsync(ChatContext context, RoomLoop room, NamedUser other)
    {
        if (!await services.Memberships.TryInviteAsync(context.User.Id, room.Name))
            return CreateTooManyError(context.User.Name);
        if (await services.Catalog.GetMemberAsync(room.Name, other.Id, CancellationToken.None) is { IsMember: true })
            return null;
        if (!await services.Memberships.TryInviteAsync(other.Id, room.Name))
            return CreateTooManyError(other.Name);
        Announce(context, room, other);
        return null;
    }

    // Returns the room of the two users, or the reason why the server cannot create the room.
    private async ValueTask<(RoomLoop? Room, ChatError? Error)> FindOrCreateAsync(ChatContext context, ClientFrame frame, NamedUser other)
    {
        var name = RoomName.CreateDirect(context.User.Id, other.Id);
        // Check this first: a request that is rejected must neither create a room nor invite the other user.
        if (services.RoomHandler.CheckRoomCount(context, frame, services.Rooms.FindOpen(name)) is { } tooMany)
            return (null, tooMany);
        while (true)
        {
            if (await services.Rooms.FindAsync(name) is { } found)
                return (found, null);
            if (context.ChargeRoom() is { } limited)
                return (null, limited);
            var (created, result) = (null as RoomLoop, RoomCreation.NameTaken);
            try
            {
                (created, result) = await services.Rooms.TryCreateAsync(
                    name, topic: "", owner: null, isPrivate: true, services.Limits.Enabled ? services.Limits.Rooms : int.MaxValue, directUsers: [context.User.Id, other.Id]);
            }
            finally
            {
                if (created is null)
                    context.GiveBackRoom();
            }

            if (created is not null)
                return (created, null);
            if (result == RoomCreation.TooManyRooms)
                return (null, new ChatError(ErrorCode.TooMany, "this server has reached its maximum number of rooms"));
        }
    }

    // Sends an invitation to all connections of a user.
    private void Announce(ChatContext context, RoomLoop room, NamedUser user)
    {
        var frame = new InvitedFrame(room.Name, context.Person, services.Time.GetUtcNow(), room.Summary.Topic).Encode();
        foreach (var connection in services.Sessions.GetConnections(user.Id))
            connection.Send(frame);
    }

    private static ChatError CreateTooManyError(string name) =>
        new(ErrorCode.TooMany, $"{name} is a member of {Memberships.MaxRooms} rooms, which is the maximum");

    private static ChatError CreateNoUserError(string name) => new(ErrorCode.NotFound, $"there is no user \"{name}\"; a guest can be found only while connected");
}
