using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>Who is speaking: the greeting, <c>hello</c>, <c>nick</c>, <c>whoami</c>. See also ChatSession.Accounts.cs.</content>
public sealed partial class ChatSession
{
    /// <summary>Who speaks here at the moment; null before the greeting and after the end.</summary>
    internal string? Name => Volatile.Read(ref _session)?.User.Name;

    private Person Me => new(_session!.User.Id, _session.User.Name);

    /// <summary>The server's first words: who the client is, and the room that it asked for in connecting.</summary>
    private async ValueTask GreetAsync(ConnectionRequest request)
    {
        var error = await BeginAsync(new ClientFrame { Type = ClientFrameType.Hello, Session = request.Session, Name = request.Name, Typed = true });
        Answer(_connection, Welcome(default));
        if (error is not null)
            Refuse(_connection, default, error);
        if (request.Room is { } room)
            await JoinAsync(new ClientFrame { Type = ClientFrameType.Join, Room = room is ['#', .. var name] ? name : room, Typed = true }, _connection);
    }

    private async ValueTask HelloAsync(ClientFrame frame, IFrameSink answers)
    {
        if (frame.Format is { } format && _connection.Transport?.ChangeFormat(format) != true)
        {
            if (_session is null)
                await GreetAsync(_connection.Request);
            Refuse(answers, frame.Id, new ChatError(ErrorCode.BadField, $"there is no format \"{format}\" here; text and json are known", Try(frame, ClientFrameType.Whoami)));
            return;
        }

        if (_session is null)
            await BeginAnewAsync(frame, answers);
        else if (frame.Session is not null)
            await ResumeAsync(frame, answers);
        else if (frame.Name is not null)
            await NickAsync(frame, answers);
        else
            Answer(answers, Welcome(frame.Id));
    }

    // The first words of a client that was not greeted yet. What cannot be had is the answer; the greeting comes first.
    private async ValueTask BeginAnewAsync(ClientFrame frame, IFrameSink answers)
    {
        var error = await BeginAsync(frame);
        Answer(answers, Welcome(error is null ? frame.Id : default));
        if (error is not null)
            Refuse(answers, frame.Id, error);
    }

    private async ValueTask ResumeAsync(ClientFrame frame, IFrameSink answers)
    {
        var (known, fault) = await FindAsync(frame, "you go on as you are");
        if (known is not { Session: var session, Refusal: var refusal })
        {
            Refuse(answers, frame.Id, fault!);
            return;
        }

        await BecomeAsync(session);
        var was = Me.Name;
        if (frame.Name is { } name && name != was)
            refusal = _services.Sessions.Rename(session.User, name);
        Answer(answers, Welcome(frame.Id));
        if (ErrorOf(frame, refusal) is { } error)
            Refuse(answers, default, error);
        await TellRenamedAsync(was);
    }

    /// <summary><c>nick</c>, and <c>hello</c> with another name: the same person goes on by that name.</summary>
    private async ValueTask NickAsync(ClientFrame frame, IFrameSink answers)
    {
        var was = Me.Name;
        if (ErrorOf(frame, _services.Sessions.Rename(_session!.User, frame.Name!)) is { } error)
        {
            Refuse(answers, frame.Id, error);
            return;
        }

        Answer(answers, frame.Type == ClientFrameType.Hello ? Welcome(frame.Id) : new AckFrame(frame.Id, Name: Me.Name));
        await TellRenamedAsync(was);
    }

    // A session for a connection that has none: the one that the frame names, else a new guest's. What cannot be had is told.
    private async ValueTask<ChatError?> BeginAsync(ClientFrame frame)
    {
        ChatError? fault = null;
        if (frame.Session is not null)
        {
            (var known, fault) = await FindAsync(frame, "you go on as a new guest");
            if (known is { Session: var session, Refusal: var refused })
            {
                Attach(session);
                await _services.Memberships.FindAsync(session.User);
                var was = Me.Name;
                if (frame.Name is { } name && name != was)
                    refused = _services.Sessions.Rename(session.User, name);
                await TellRenamedAsync(was);
                return ErrorOf(frame, refused);
            }
        }

        var (started, refusal) = await _services.Sessions.BeginAsync(frame.Name);
        Attach(started);
        Memberships.Begin(started.User);
        return ErrorOf(frame, refusal) ?? fault;
    }

    // The session that a frame names by its token, or why there is none.
    private async ValueTask<(SessionStart? Known, ChatError? Error)> FindAsync(ClientFrame frame, string otherwise)
    {
        try
        {
            return await _services.Sessions.ResumeAsync(frame.Session!) is { } known
                ? (known, null)
                : (null, new ChatError(ErrorCode.NotFound, $"there is no such session, or it has ended; {otherwise}", Try(frame, ClientFrameType.Whoami)));
        }
        catch (StorageException fault)
        {
            Log.SessionNotRead(_services.Logger, fault);
            return (null, new ChatError(ErrorCode.Unavailable, $"that session cannot be looked up at the moment; {otherwise}", RetryAfterMs: 1000));
        }
    }

    // Who ended the session looks for its connections, and may do so just before this one is one of them.
    private void Attach(Session session)
    {
        Volatile.Write(ref _session, session);
        if (session.IsEnded)
            _connection.Close(Disconnect.SessionEnded);
    }

    // Another session on the same connection: it stays in its rooms, as somebody else.
    private async Task BecomeAsync(Session session)
    {
        var before = _session!;
        Attach(session);
        await _services.Memberships.FindAsync(session.User);
        foreach (var (room, _) in _rooms.All())
        {
            if (!MayEnter(room))
            {
                await LeaveRoomAsync(room);
                continue;
            }

            await room.BecomeAsync(_connection, Me);
            _services.Memberships.Add(session.User, room.Name);
        }

        _services.Sessions.Release(before);
    }

    private async Task TellRenamedAsync(string was)
    {
        if (was == Me.Name)
            return;
        foreach (var room in _services.Whereabouts.Of(Me.User))
            await room.RenameAsync(Me, was);
    }

    private static ChatError? ErrorOf(ClientFrame frame, NameRefusal? refusal) => refusal is null
        ? null
        : new ChatError(refusal.IsTaken ? ErrorCode.NameTaken : ErrorCode.BadName, refusal.Why, Try(frame, ClientFrameType.Nick, name: refusal.Suggestion));

    // A page that is known by its cookie gets every token in its cookie alone: its scripts must not get at one.
    private string TokenToTell => _connection.Request.SessionIsInCookie ? "" : _session!.Token;

    private WelcomeFrame Welcome(FrameId id)
    {
        var limits = _services.Limits;
        return new WelcomeFrame(
            id,
            TokenToTell,
            Me.User,
            Me.Name,
            _session!.User.IsGuest,
            _services.Server,
            _services.Time.GetUtcNow(),
            new WelcomeLimits(limits.FrameBytes, limits.TextLength, limits.MessagesPerSecond),
            [.. _session.User.Rooms ?? _services.Whereabouts.Of(Me.User).Select(room => room.Name)]);
    }
}
