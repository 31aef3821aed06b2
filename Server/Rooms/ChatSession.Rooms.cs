using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>Coming, going and looking around: <c>join</c>, <c>create</c>, <c>leave</c>, <c>history</c>, <c>rooms</c>, <c>who</c>.</content>
public sealed partial class ChatSession
{
    private const int DefaultHistory = 50;
    private const int MostRoomsListed = 200;
    private const int MostPeopleListed = 1000;

    private async ValueTask JoinAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Find(frame.Room!) is not { } room)
            Refuse(answers, frame.Id, NoRoom(frame));
        else if (TooManyRooms(frame, room) is { } error)
            Refuse(answers, frame.Id, error);
        else
            await EnterAsync(room, frame, answers);
    }

    private async ValueTask CreateAsync(ClientFrame frame, IFrameSink answers)
    {
        var name = frame.Room!;
        if (!RoomName.IsValid(name))
            Refuse(answers, frame.Id, new ChatError(ErrorCode.BadField, RoomName.Rule, Try(frame, ClientFrameType.Create, "my-room")));
        else if (_services.Limits.Enabled && _services.Rooms.Count >= _services.Limits.Rooms)
            Refuse(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, "this server has as many rooms as it may", Try(frame, ClientFrameType.Rooms)));
        else if (_services.Limits.Enabled && _services.Rooms.All.Count(room => room.Owner == Me.User) >= _services.Limits.RoomsPerUser)
            Refuse(answers, frame.Id, new ChatError(ErrorCode.NotAllowed, $"you have made {_services.Limits.RoomsPerUser} rooms, which is as many as you may", Try(frame, ClientFrameType.Rooms)));
        else if (TooManyRooms(frame, null) is { } error)
            Refuse(answers, frame.Id, error);
        else if (TopicFault(frame.Topic ?? "") is { } fault)
            Refuse(answers, frame.Id, fault);
        else if (await _services.Rooms.TryCreateAsync(name, frame.Topic ?? "", Me.User, frame.Private) is { } room)
            await EnterAsync(room, frame, answers);
        else
            Refuse(answers, frame.Id, new ChatError(ErrorCode.NameTaken, $"there is a room \"{name}\" already", Try(frame, ClientFrameType.Join, name)));
    }

    private async ValueTask LeaveAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Mine(frame, out var error) is not { } room)
        {
            Refuse(answers, frame.Id, error!);
            return;
        }

        await LeaveRoomAsync(room);
        if (!_services.Whereabouts.Of(Me.User).Contains(room))
            _services.Memberships.Remove(_session!.User, room.Name);
        Answer(answers, new AckFrame(frame.Id, room.Name));
    }

    private async Task LeaveRoomAsync(RoomLoop room)
    {
        if (_rooms.Remove(room, out var catchUp) && catchUp is not null)
            await catchUp.StopAsync();
        await room.LeaveAsync(_connection);
        if (_current == room)
            _current = _rooms.First;
    }

    private async ValueTask HistoryAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Meant(frame, out var error) is not { } room)
        {
            Refuse(answers, frame.Id, error!);
            return;
        }

        var most = Math.Min(frame.Limit ?? DefaultHistory, Frames.PageEvents);
        bool more;
        IReadOnlyList<EventFrame> page;
        if (frame.After is { } after)
        {
            page = await room.History.AfterAsync(after, most);
            more = page.Count > 0 && page[^1].Seq < room.History.Last;
        }
        else
        {
            page = await room.History.BeforeAsync(frame.Before ?? long.MaxValue, most);
            more = page.Count > 0 && page[0].Seq > await room.History.FirstAsync();
        }

        Answer(answers, new HistoryFrame(frame.Id, room.Name, page.Payloads(), more));
    }

    private void ListRooms(ClientFrame frame, IFrameSink answers)
    {
        var found = _services.Rooms.All
            .Where(IsVisible)
            .Where(room => frame.Match is not { } match || room.Name.Contains(match, StringComparison.OrdinalIgnoreCase))
            .Select(room => (room.Name, room.Summary))
            .OrderByDescending(room => room.Summary.MemberCount)
            .ThenBy(room => room.Name, StringComparer.OrdinalIgnoreCase)
            .Take(MostRoomsListed)
            .Select(room => new RoomInfo(room.Name, room.Summary.Topic, room.Summary.MemberCount));
        Answer(answers, new RoomsFrame(frame.Id, [.. found]));
    }

    private async ValueTask WhoAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Meant(frame, out var error) is not { } room)
        {
            Refuse(answers, frame.Id, error!);
            return;
        }

        var who = await room.WhoAsync(MostPeopleListed);
        Answer(answers, new WhoFrame(frame.Id, room.Name, who.People, who.Count));
    }

    /// <summary>
    /// Enters, tells what was missed, and goes live. Between the two moments events may come: the loop holds them back
    /// from this connection until <see cref="RoomLoop.GoLiveAsync"/> closes the seam.
    /// </summary>
    private async ValueTask EnterAsync(RoomLoop room, ClientFrame frame, IFrameSink answers)
    {
        if (_rooms.CatchUpIn(room) is { } running)
            await running.StopAsync();

        var me = Me;
        var entered = await room.EnterAsync(_connection, me);
        if (Me != me)
        {
            // Renamed by another device meanwhile, which did not find this room among the user's yet.
            await room.RenameAsync(Me, me.Name);
        }

        _rooms.Set(room, null);
        _current = room;
        _services.Memberships.Add(_session!.User, room.Name);

        Past past;
        long? read;
        try
        {
            past = await PastFor(room, frame, entered);
            read = await ReadMarkAsync(room);
        }
        catch (StorageException)
        {
            // Nobody is half in a room.
            await LeaveRoomAsync(room);
            throw;
        }

        foreach (var gap in past.Gaps)
            Answer(answers, gap);
        Answer(answers, new JoinedFrame(
            frame.Id,
            room.Name,
            room.Epoch,
            entered.Seq,
            entered.Topic,
            entered.Role,
            entered.Who.People,
            entered.Who.Count,
            past.Recovered,
            past.Events.Payloads(),
            read));

        if (!await room.GoLiveAsync(_connection, past.Cursor))
            _rooms.Set(room, new CatchUp(_connection, room, past.Cursor, _services.Logger));
    }

    private static async ValueTask<Past> PastFor(RoomLoop room, ClientFrame frame, Entered entered)
    {
        if (frame.After is not { } after)
        {
            var newest = await room.History.BeforeAsync(entered.Seq + 1, Math.Min(frame.Limit ?? DefaultHistory, Frames.PageEvents));
            return new Past(newest, entered.Seq, Recovered: null, []);
        }

        // So that what follows the cursor can be named.
        after = Math.Min(after, long.MaxValue - 1);
        var gaps = new List<GapFrame>();
        if (frame.Epoch is { } epoch && epoch != room.Epoch)
        {
            // The cursor counts another log: what followed it there is lost, and nothing of this log is known to the client.
            gaps.Add(new GapFrame(room.Name, after + 1, after + 1));
            after = 0;
        }
        else if (after > entered.Seq)
        {
            gaps.Add(new GapFrame(room.Name, entered.Seq + 1, after));
            after = entered.Seq;
        }

        var past = await room.History.AfterCursorAsync(after, Math.Min(frame.Limit ?? Frames.PageEvents, Frames.PageEvents));
        if (past.Gap is { } trimmed)
            gaps.Add(trimmed);
        return new Past(past.Events, past.Cursor, Recovered: gaps.Count == 0, gaps);
    }

    private RoomLoop? Find(string name) => _services.Rooms.Find(name) is { } room && IsVisible(room) ? room : null;

    private bool IsVisible(RoomLoop room) => MayEnter(room) || _rooms.Contains(room);

    private bool MayEnter(RoomLoop room) => !room.IsPrivate || room.Owner == Me.User || _services.Memberships.Has(_session!.User, room.Name);

    // The room that a frame speaks of: the named one, else the current one.
    private RoomLoop? Meant(ClientFrame frame, out ChatError? error)
    {
        var room = frame.Room is { } name ? Find(name) : _current;
        error = room is not null ? null : frame.Room is null ? NoCurrentRoom(frame) : NoRoom(frame);
        return room;
    }

    // The same, where this connection is in it.
    private RoomLoop? Mine(ClientFrame frame, out ChatError? error)
    {
        var room = Meant(frame, out error);
        if (room is null || _rooms.Contains(room))
            return room;
        error = new ChatError(ErrorCode.NotInRoom, $"you are not in \"{room.Name}\"", Try(frame, ClientFrameType.Join, room.Name));
        return null;
    }

    private ChatError? TooManyRooms(ClientFrame frame, RoomLoop? joining) =>
        _services.Limits.Enabled && _rooms.Count >= _services.Limits.RoomsPerConnection && (joining is null || !_rooms.Contains(joining))
            ? new ChatError(ErrorCode.NotAllowed, $"you are in {_rooms.Count} rooms, which is as many as you may be in", Try(frame, ClientFrameType.Leave, _current?.Name))
            : null;

    private static ChatError NoCurrentRoom(ClientFrame frame) =>
        new(ErrorCode.NotInRoom, "you are in no room", Try(frame, ClientFrameType.Join, RoomName.Default));

    private ChatError NoRoom(ClientFrame frame)
    {
        var name = frame.Room!;
        var hint = Nearest.To(name, _services.Rooms.All.Where(IsVisible).Select(room => room.Name)) is { } near
            ? Try(frame, ClientFrameType.Join, near)
            : RoomName.IsValid(name) ? Try(frame, ClientFrameType.Create, name) : Try(frame, ClientFrameType.Rooms);
        return new ChatError(ErrorCode.NoRoom, $"no such room \"{name}\"", hint);
    }

    private sealed record Past(IReadOnlyList<EventFrame> Events, long Cursor, bool? Recovered, IReadOnlyList<GapFrame> Gaps);
}
