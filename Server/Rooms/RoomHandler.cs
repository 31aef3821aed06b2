using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>Handles the requests about rooms: <c>join</c>, <c>create</c>, <c>leave</c>, <c>close</c>, <c>history</c>, <c>rooms</c> and <c>who</c>.</summary>
internal sealed class RoomHandler(ChatServices services)
{
    private const int DefaultHistory = 50;
    private const int MaxListedRooms = 200;
    private const int MaxListedMembers = 1000;

    /// <summary>Handles <c>join</c>.</summary>
    /// <returns>Whether the connection is in the room. If not, the request was answered with an error.</returns>
    public async ValueTask<bool> JoinAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        while (true)
        {
            if (await services.RoomAccess.FindAsync(context, frame.Room!) is not { } room)
                context.Reject(answers, frame.Id, await services.RoomAccess.CreateNoRoomErrorAsync(context, frame));
            else if (CheckRoomCount(context, frame, room) is { } error)
                context.Reject(answers, frame.Id, error);
            else if (!await TryJoinRoomAsync(context, room, frame, answers))
                continue; // the room was unloaded or removed after it was found
            else
                return context.Rooms.Contains(room);
            return false;
        }
    }

    /// <summary>Handles <c>create</c>: creates a room, and joins it.</summary>
    public async ValueTask CreateAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (topic, limits) = (frame.Topic ?? "", services.Limits);
        if (RoomName.Accept(frame.Room!, out var reason) is not { } name)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.BadField, reason, frame.CreateHint(ClientFrameType.Create, "my-room")));
            return;
        }

        if ((CheckRoomCount(context, frame, null) ?? PostHandler.ValidateTopic(topic) ?? context.ChargeRoom()) is { } invalid)
        {
            context.Reject(answers, frame.Id, invalid);
            return;
        }

        // A reserved name gets the same answer as the name of a private room, so this answer does not show whether a private room has the name.
        var (room, result) = (null as RoomLoop, RoomCreation.NameTaken);
        try
        {
            if (context.IsOperator || !services.ReservedRoomNames.Contains(name))
            {
                (room, result) = limits.Enabled
                    ? await services.Rooms.TryCreateAsync(name, topic, context.User.Id, frame.Private, limits.Rooms, limits.RoomsPerUser)
                    : await services.Rooms.TryCreateAsync(name, topic, context.User.Id, frame.Private);
            }
        }
        finally
        {
            if (result != RoomCreation.Created)
                context.GiveBackRoom();
        }

        if (await CreateErrorAsync(context, frame, name, result) is { } error)
            context.Reject(answers, frame.Id, error);
        else if (room is null || !await TryJoinRoomAsync(context, room, frame, answers))
            await JoinAsync(context, frame, answers);
    }

    /// <summary>
    /// Handles <c>leave</c>: removes the connection from the room. The user is no longer a member, unless another connection of the user is in
    /// the room.
    /// </summary>
    public async ValueTask LeaveAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        await LeaveRoomAsync(context, room);

        // The user stays a member if another connection of the user is still in the room.
        if (!services.UserRoomIndex.GetRooms(context.User.Id).Contains(room))
            services.Memberships.Remove(context.User, room.Name);
        answers.Send(new AckFrame(frame.Id, room.Name));
    }

    /// <summary>Handles <c>close</c>: an owner removes a room and its log.</summary>
    public async ValueTask CloseAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        while (true)
        {
            var (room, error) = await services.RoomAccess.ResolveRoomAsync(context, frame);
            if (room is null)
                context.Reject(answers, frame.Id, error!);
            else if (room.Name == RoomName.Default)
                context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, $"\"{room.Name}\" is the room for everybody; nobody can close it"));
            else if (context.GetRole(room.Moderation) != RoomRole.Owner)
                context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, $"only an owner of \"{room.Name}\" can close it", frame.CreateHint(ClientFrameType.Leave, room.Name)));
            else if (!await services.Rooms.RemoveAsync(room, context.Person))
                continue; // the room was unloaded or removed after it was found
            else
            {
                await context.ForgetRemovedRoomsAsync();
                answers.Send(new AckFrame(frame.Id, room.Name));
            }

            return;
        }
    }

    /// <summary>Handles <c>history</c>.</summary>
    public async ValueTask HistoryAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveReadableRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        answers.Send(await ReadHistoryAsync(room, frame, context.Connection.Account));
    }

    /// <summary>Reads the page of history that a request asks for, and charges the client's address.</summary>
    public static async ValueTask<HistoryFrame> ReadHistoryAsync(RoomLoop room, ClientFrame frame, AddressAccount account)
    {
        await room.WaitForAcknowledgedAsync();
        var maxEvents = Math.Min(frame.Limit ?? DefaultHistory, EventFrames.MaxPageEvents);
        bool hasMore;
        IReadOnlyList<EventFrame> page;
        if (frame.Around is { } around)
        {
            var before = await room.History.ReadBeforeAsync(around, maxEvents / 2);
            var later = await room.History.ReadAfterAsync(around - 1, maxEvents - before.Count);
            // If the log has a hole between the two parts, the page has only the later part.
            page = before.Count > 0 && later.Count > 0 && later[0].Seq != before[^1].Seq + 1 ? later : [.. before, .. later];
            hasMore = page.Count > 0 && (page[0].Seq > await room.History.GetFirstSeqAsync() || page[^1].Seq < room.History.LastSeq);
        }
        else if (frame.After is { } after)
        {
            page = await room.History.ReadAfterAsync(after, maxEvents);
            hasMore = page.Count > 0 && page[^1].Seq < room.History.LastSeq;
        }
        else
        {
            page = await room.History.ReadBeforeAsync(frame.Before ?? long.MaxValue, maxEvents);
            hasMore = page.Count > 0 && page[0].Seq > await room.History.GetFirstSeqAsync();
        }

        account.Charge(Cost.ForHistory(page.Sum(found => found.Frame.Payload.Length)));
        return new HistoryFrame(frame.Id, room.Name, page.GetPayloads(), hasMore);
    }

    /// <summary>Handles <c>rooms</c>: lists the rooms that the user may see.</summary>
    public async ValueTask ListRoomsAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var found = await services.RoomAccess.ListAsync(context, frame.Match ?? "", MaxListedRooms);
        answers.Send(new RoomsFrame(frame.Id, found));
    }

    /// <summary>
    /// Handles <c>who</c>: lists the members of a room who are connected. A user who is in the room also gets the owners and moderators who are away.
    /// </summary>
    public async ValueTask WhoAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveReadableRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        var members = await room.ListMembersAsync(Math.Min(frame.Limit ?? MaxListedMembers, MaxListedMembers), withAway: context.Rooms.Contains(room));
        var away = new List<Person>(members.Away.Count);
        foreach (var (user, role) in members.Away)
        {
            // A guest who is away has no name.
            if (await services.Sessions.FindNameAsync(user) is { } name)
                away.Add(new Person(user, name, Role: role));
        }

        answers.Send(new WhoFrame(frame.Id, room.Name, members.People, members.Count, away));
    }

    /// <summary>Removes the connection from a room. The user stays a member of the room.</summary>
    public static async Task LeaveRoomAsync(ChatContext context, RoomLoop room)
    {
        if (context.Rooms.Remove(room, out var catchUp) && catchUp is not null)
            await catchUp.StopAsync();
        await room.LeaveAsync(context.Connection);
        if (context.CurrentRoom == room)
            context.CurrentRoom = context.Rooms.First;
    }

    /// <summary>
    /// Joins the room, sends the events that the client has missed, and makes the connection live or starts a <see cref="CatchUp"/>. The
    /// room sends no new events to a connection that is not live. <see cref="RoomLoop.GoLiveAsync"/> or <see cref="CatchUp"/> delivers the
    /// events that come before the connection is live.
    /// </summary>
    /// <returns>False if the room was unloaded or removed. Then nothing was sent, and the caller must look for the room again.</returns>
    private async ValueTask<bool> TryJoinRoomAsync(ChatContext context, RoomLoop room, ClientFrame frame, IFrameSink answers)
    {
        if (context.Rooms.GetCatchUp(room) is { } running)
            await running.StopAsync();

        // Without this call, the history might lack events that the client has already seen at another server.
        await room.RefreshAsync();
        var person = context.Person;
        var state = await services.Catalog.GetMemberAsync(room.Name, context.User.Id, CancellationToken.None);
        if (await room.JoinAsync(context.Connection, RoomAccess.CreateVisitor(context, state is { IsMember: true }), context) is not { } joined)
            return false;
        if (joined.Ban is { } ban)
        {
            // The connection's list of rooms may still have a room from which a moderator has removed the connection.
            if (context.Rooms.Contains(room))
                await LeaveRoomAsync(context, room);
            // The answer must not show that a private room exists.
            context.Reject(answers, frame.Id, room.IsPrivate && state is not { IsMember: true }
                ? await services.RoomAccess.CreateNoRoomErrorAsync(context, frame)
                : RequestErrors.CreateBanned(room.Name, ban, services.Time.GetUtcNow()));
            return true;
        }

        // The memberships in memory may lack the newest changes by another server. The catalog has these changes.
        var isRemovedElsewhere = services.Nodes.IsEnabled && room.IsPrivate && state is not { IsMember: true } && context.GetRole(joined.Moderation) != RoomRole.Owner;
        if (isRemovedElsewhere || !services.RoomAccess.CanEnter(context, room))
        {
            // A moderator has removed the user from the private room since the room was found.
            await LeaveRoomAsync(context, room);
            context.Reject(answers, frame.Id, await services.RoomAccess.CreateNoRoomErrorAsync(context, frame));
            return true;
        }

        if (context.Person != person)
        {
            // The user was renamed over another connection during the join. The new name was not announced in this room, because the room
            // was not among the user's rooms yet.
            await room.RenameAsync(context.Person, person.Name);
        }

        context.Rooms.Set(room, null);
        context.CurrentRoom = room;

        // An invited user of a private room is already a member. If a moderator has removed the user since the join, the invitation has ended. Adding
        // the user here would renew the invitation.
        if (!room.IsPrivate || context.GetRole(joined.Moderation) == RoomRole.Owner)
            services.Memberships.Add(context.User, room.Name, joined.Seq);

        // A user who comes for the first time has missed nothing, so the read mark is the newest event.
        state ??= new MemberState(IsMember: true, joined.Seq, "all", Unread: 0, Mentions: 0);
        MissedEvents missed;
        Person? other;
        try
        {
            missed = await ReadMissedAsync(room, frame, joined);
            other = await services.RoomAccess.FindOtherAsync(context, room);
        }
        catch (StorageException)
        {
            // A connection whose join failed must not stay in the room.
            await LeaveRoomAsync(context, room);
            throw;
        }

        context.Connection.Account.Charge(Cost.ForHistory(missed.Events.Sum(found => found.Frame.Payload.Length)));
        foreach (var gap in missed.Gaps)
            answers.Send(gap);
        answers.Send(new JoinedFrame(
            frame.Id,
            room.Name,
            room.Epoch,
            joined.Seq,
            joined.Topic,
            context.GetRole(joined.Moderation),
            joined.Members.People,
            joined.Members.Count,
            missed.Recovered,
            missed.Events.GetPayloads(),
            state.ReadSeq,
            room.IsPrivate,
            other,
            (int)joined.Moderation.SlowSeconds,
            state.Unread,
            state.Mentions,
            state.Notify));

        if (await room.GoLiveAsync(context.Connection, missed.Cursor) == false)
            context.Rooms.Set(room, new CatchUp(context.Connection, room, missed.Cursor, services.Time, services.Logger));
        return true;
    }

    // If the frame has a cursor ("after"), reads the events after the cursor. Otherwise reads the newest events.
    private static async ValueTask<MissedEvents> ReadMissedAsync(RoomLoop room, ClientFrame frame, JoinResult joined)
    {
        if (frame.After is not { } after)
        {
            var newest = await room.History.ReadBeforeAsync(joined.Seq + 1, Math.Min(frame.Limit ?? DefaultHistory, EventFrames.MaxPageEvents));
            return new MissedEvents(newest, joined.Seq, Recovered: null, []);
        }

        // A gap begins at after + 1, which must not overflow.
        after = Math.Min(after, long.MaxValue - 1);
        var gaps = new List<GapFrame>();
        if (frame.Epoch is { } epoch && epoch != room.Epoch)
        {
            // The cursor belongs to another log. The events of that log are lost, and the client has no event of this log yet.
            gaps.Add(new GapFrame(room.Name, after + 1, after + 1));
            after = 0;
        }
        else if (after > joined.Seq)
        {
            gaps.Add(new GapFrame(room.Name, joined.Seq + 1, after));
            after = joined.Seq;
        }

        var maxEvents = Math.Min(frame.Limit ?? EventFrames.MaxPageEvents, EventFrames.MaxPageEvents);
        var page = await room.History.ReadAfterCursorAsync(after, Math.Max(maxEvents, 1));
        if (maxEvents == 0)
            page = page with { Events = [], Cursor = page.Gap?.To ?? after };
        if (page.Gap is { } trimmed)
            gaps.Add(trimmed);
        return new MissedEvents(page.Events, page.Cursor, Recovered: gaps.Count == 0, gaps);
    }

    private async ValueTask<ChatError?> CreateErrorAsync(ChatContext context, ClientFrame frame, string name, RoomCreation result) => result switch
    {
        RoomCreation.TooManyRooms =>
            new ChatError(ErrorCode.TooMany, "this server has reached its maximum number of rooms", frame.CreateHint(ClientFrameType.Rooms)),
        RoomCreation.TooManyRoomsOfOwner =>
            new ChatError(ErrorCode.TooMany, $"you have created {services.Limits.RoomsPerUser} rooms, which is the maximum", frame.CreateHint(ClientFrameType.Rooms)),
        RoomCreation.NameTaken when await services.RoomAccess.FindAsync(context, name) is { } room =>
            new ChatError(ErrorCode.RoomExists, $"there is a room \"{room.Name}\" already", frame.CreateHint(ClientFrameType.Join, room.Name)),
        RoomCreation.NameTaken when await services.RoomAccess.FindSimilarAsync(context, name) is { } similar =>
            new ChatError(ErrorCode.RoomExists, $"the name of the room \"{similar}\" looks the same; choose another name", frame.CreateHint(ClientFrameType.Join, similar)),
        RoomCreation.NameTaken =>
            new ChatError(ErrorCode.NotAllowed, $"the name \"{name}\" is not available; choose another name", frame.CreateHint(ClientFrameType.Rooms)),
        _ => null,
    };

    /// <summary>Returns an error if the connection is in too many rooms to join one more.</summary>
    /// <param name="joining">The room to join; null if the connection cannot be in this room yet.</param>
    public ChatError? CheckRoomCount(ChatContext context, ClientFrame frame, RoomLoop? joining) =>
        services.Limits.Enabled && context.Rooms.Count >= services.Limits.RoomsPerConnection && (joining is null || !context.Rooms.Contains(joining))
            ? new ChatError(ErrorCode.TooMany, $"you are in {context.Rooms.Count} rooms, which is the maximum", frame.CreateHint(ClientFrameType.Leave, context.CurrentRoom?.Name))
            : null;

    /// <param name="Events">
    /// The events for the <c>joined</c> frame, oldest first. The client may have missed more events than these.
    /// </param>
    /// <param name="Cursor">The seq of the newest event that this result contains or reports as lost.</param>
    /// <param name="Recovered">Whether nothing was lost; null if the client sent no cursor.</param>
    /// <param name="Gaps">The ranges of events that were lost.</param>
    private sealed record MissedEvents(IReadOnlyList<EventFrame> Events, long Cursor, bool? Recovered, IReadOnlyList<GapFrame> Gaps);
}
