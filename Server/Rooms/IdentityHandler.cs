using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Welcomes new connections and gives them a session. Handles <c>hello</c>, <c>nick</c>, <c>register</c>, <c>login</c>, <c>password</c>,
/// <c>logout</c> and <c>whoami</c>. Only this class attaches connections to sessions.
/// </summary>
internal sealed class IdentityHandler(ChatServices services)
{
    /// <summary>
    /// Starts a session for a connection that has none, and sends the first frames: the welcome and, if the request that opened the
    /// connection names a room, the <c>joined</c> frame of this room.
    /// </summary>
    public async ValueTask GreetAsync(ChatContext context)
    {
        var (connection, request) = (context.Connection, context.Connection.Request);
        var error = await StartSessionAsync(context, new ClientFrame { Type = ClientFrameType.Hello, Name = request.Name, IsTyped = true });
        SendWelcome(context, connection, default);
        var mustLogIn = services.LoginRequirement.AppliesTo(context.User);
        if (mustLogIn && (request.Name ?? request.Room) is not null)
            error ??= services.LoginRequirement.CreateError(isTyped: true);
        if (error is not null)
            context.Reject(connection, default, error);
        if (request.Room is { } room && !mustLogIn)
        {
            var join = new ClientFrame { Type = ClientFrameType.Join, Room = room is ['#', .. var name] ? name : room, IsTyped = true };
            await services.RoomHandler.JoinAsync(context, join, connection);
        }
    }

    /// <summary>
    /// Handles <c>hello</c>: changes the format, logs in with a token, starts or resumes a session, or changes the name. A <c>hello</c> without
    /// any of these fields gets a <c>welcome</c>.
    /// </summary>
    public async ValueTask HelloAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        if (frame.Format is { } format && context.Connection.Transport?.TryChangeFormat(format) != true)
        {
            if (context.Session is null)
                await GreetAsync(context);
            var error = new ChatError(
                ErrorCode.BadField, $"there is no format \"{format}\" here; text and json are known", frame.CreateHint(ClientFrameType.Whoami));
            context.Reject(answers, frame.Id, error);
            return;
        }

        if (frame.Jwt is not null)
            await LoginWithTokenAsync(context, frame, answers);
        else if (context.Session is null)
            await StartAsync(context, frame, answers);
        else if (frame.Session is not null)
            await ResumeAsync(context, frame, answers);
        else if (frame.Name is not null && services.LoginRequirement.AppliesTo(context.User))
            context.Reject(answers, frame.Id, services.LoginRequirement.CreateError(frame.IsTyped));
        else if (frame.Name is not null)
            await NickAsync(context, frame, answers);
        else
            SendWelcome(context, answers, frame.Id);
    }

    /// <summary>Handles <c>nick</c>, and a <c>hello</c> that has only a name: the user keeps the session and changes the name.</summary>
    public async ValueTask NickAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        // A new name costs as much as a message, because every member of the user's rooms gets a frame.
        if (services.Limits.Enabled && !context.User.MessageLimit.TryTake(out var retryAfterMs))
        {
            context.Reject(answers, frame.Id, RequestErrors.CreateRateLimited("new names", retryAfterMs));
            return;
        }

        var previousName = context.User.Name;
        if (CreateError(frame, await services.Sessions.RenameAsync(context.User, frame.Name!)) is { } error)
        {
            context.Reject(answers, frame.Id, error);
            return;
        }

        if (frame.Type == ClientFrameType.Hello)
            SendWelcome(context, answers, frame.Id);
        else
            answers.Send(new AckFrame(frame.Id, Name: context.User.Name));
        await AnnounceRenameAsync(context, previousName);
    }

    /// <summary>Handles <c>register</c>: creates an account for the user, who keeps the session.</summary>
    public async ValueTask RegisterAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var previousName = context.User.Name;
        if (await services.Accounts.RegisterAsync(context.Session!, frame.Name!, frame.Password!, context.Connection.Remote) is { } rejection)
        {
            context.Reject(answers, frame.Id, CreateError(frame, rejection));
            return;
        }

        SendWelcome(context, answers, frame.Id);
        await AnnounceRenameAsync(context, previousName);
    }

    /// <summary>Handles <c>login</c> with a name and a password.</summary>
    public async ValueTask LoginAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var login = await services.Accounts.LoginAsync(frame.Name!, frame.Password!, context.Connection.Remote);
        if (login.Session is not { } session)
        {
            context.Reject(answers, frame.Id, CreateError(frame, login.Rejection!));
            return;
        }

        await CompleteLoginAsync(context, frame, answers, login, session);
    }

    /// <summary>
    /// Handles a <c>hello</c> with a token of the operator's own site. Only the token says who the user is and which name the user has. The other
    /// fields of the frame are ignored.
    /// </summary>
    private async ValueTask LoginWithTokenAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var login = await services.ExternalAccounts.LoginAsync(frame.Jwt!, context.Connection.Remote, services.Operators.Contains);
        if (login.Session is not { } session)
        {
            if (context.Session is null)
                await GreetAsync(context);
            var hint = services.Auth.Guests ? frame.CreateHint(ClientFrameType.Whoami) : LoginRequirement.CreateLoginHint(frame.IsTyped);
            context.Reject(answers, frame.Id, new ChatError(login.Rejection!.Code, login.Rejection.Text, hint, login.Rejection.RetryAfterMs));
            return;
        }

        // The login costs as much as a new guest, because it starts a session that the server keeps.
        context.Connection.Account.Charge(Cost.Guest);
        await CompleteLoginAsync(context, frame, answers, login, session);
    }

    // Gives the session of a login to the connection, sends the welcome, and announces the login.
    private async ValueTask CompleteLoginAsync(ChatContext context, ClientFrame frame, IFrameSink answers, LoginResult login, Session session)
    {
        // Change the session before the connections of the ended sessions are closed, because one of the ended sessions may be the previous
        // session of this connection.
        if (context.Session is not null)
            await ChangeSessionAsync(context, session);
        else
        {
            context.Attach(session);
            await services.Memberships.LoadAsync(session.User);
        }

        SendWelcome(context, answers, frame.Id);
        await AnnounceLoginAsync(login, session);
    }

    /// <summary>Announces the new name that a login has given to the user, and closes the connections of the sessions that the login has ended.</summary>
    public async ValueTask AnnounceLoginAsync(LoginResult login, Session session)
    {
        if (login.PreviousName is { } previousName)
            await AnnounceRenameAsync(session.User, previousName);
        foreach (var ended in login.EndedSessions)
            CloseConnections(ended);
    }

    /// <summary>Handles <c>password</c>. The account's other sessions end.</summary>
    public async ValueTask ChangePasswordAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        if (await services.Accounts.ChangePasswordAsync(context.Session!, frame.Old!, frame.New!, context.Connection.Remote) is { } rejection)
        {
            context.Reject(answers, frame.Id, CreateError(frame, rejection));
            return;
        }

        await EndOtherSessionsAsync(context.Session!);
        answers.Send(new AckFrame(frame.Id));
    }

    /// <summary>Handles <c>logout</c>: ends the session, or all sessions of the account, and closes their connections.</summary>
    public async ValueTask LogoutAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var session = context.Session!;
        try
        {
            if (frame.Everywhere)
                await EndOtherSessionsAsync(session);
            await services.Sessions.EndAsync(session);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(services.Logger, fault);
            var error = new ChatError(ErrorCode.Unavailable, "your session could not be ended; try again in a moment", RetryAfterMs: 1000);
            context.Reject(answers, frame.Id, error);
            return;
        }

        // Leave the rooms and the session before the answer, so that the name is free when the client receives the answer.
        await DepartAsync(context, finishCatchUp: false);
        answers.Send(new AckFrame(frame.Id));
        context.Connection.Close(Disconnect.LoggedOut);
        CloseConnections(session);
    }

    /// <summary>Handles <c>whoami</c>.</summary>
    public void Whoami(ChatContext context, ClientFrame frame, IFrameSink answers) => SendWelcome(context, answers, frame.Id);

    /// <summary>Removes the connection from all its rooms and from its session. A second call does nothing.</summary>
    /// <param name="finishCatchUp">Whether the client first gets all events that it has missed. If false, catching up is cancelled.</param>
    public async ValueTask DepartAsync(ChatContext context, bool finishCatchUp)
    {
        try
        {
            foreach (var (room, catchUp) in context.Rooms.ToArray())
            {
                if (catchUp is not null && finishCatchUp)
                    await catchUp.FinishAsync();
                catchUp?.Cancel();
                await room.LeaveAsync(context.Connection);
            }
        }
        finally
        {
            context.Rooms.Clear();
            if (context.Detach() is { } session)
                services.Sessions.RemoveConnection(session);
        }
    }

    // Handles a hello that is the client's first frame. If the hello fails, the client becomes a new guest: the client gets a welcome, and
    // then the error as the answer to the hello.
    private async ValueTask StartAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var error = await StartSessionAsync(context, frame);
        // If the storage could not be read, keep the error: the client should try again with the same session.
        if (services.LoginRequirement.AppliesTo(context.User) && error?.Code != ErrorCode.Unavailable)
            error = services.LoginRequirement.CreateError(frame.IsTyped);
        SendWelcome(context, answers, error is null ? frame.Id : default);
        if (error is not null)
            context.Reject(answers, frame.Id, error);
    }

    // Handles a hello that has the token of a session, on a connection that already has another session: changes the connection to the session of the
    // token.
    private async ValueTask ResumeAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (found, error) = await FindSessionAsync(frame, frame.Session!, "you keep your current session");
        if (found is not { Session: var session, Rejection: var rejection })
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        await ChangeSessionAsync(context, session);
        var previousName = context.User.Name;
        if (frame.Name is { } name && name != previousName && !services.LoginRequirement.AppliesTo(session.User))
            rejection = await services.Sessions.RenameAsync(session.User, name);
        SendWelcome(context, answers, frame.Id);
        if (CreateError(frame, rejection) is { } nameError)
            context.Reject(answers, default, nameError);
        await AnnounceRenameAsync(context, previousName);
    }

    // Gives a session to a connection that has none: the session whose token is in the frame or in the request that opened the connection.
    // If that is not possible, gives a new guest's session. Returns an error if the client does not get the session or the name that the
    // frame asks for.
    private async ValueTask<ChatError?> StartSessionAsync(ChatContext context, ClientFrame frame)
    {
        ChatError? error = null;
        if ((frame.Session ?? context.Connection.Request.Session) is { } token)
        {
            (var found, error) = await FindSessionAsync(frame, token, "you are a new guest");
            if (found is { Session: var session, Rejection: var nameRejection })
            {
                context.Attach(session);
                await services.Memberships.LoadAsync(session.User);
                var previousName = context.User.Name;
                if (frame.Name is { } name && name != previousName && !services.LoginRequirement.AppliesTo(session.User))
                    nameRejection = await services.Sessions.RenameAsync(session.User, name);
                await AnnounceRenameAsync(context, previousName);
                return CreateError(frame, nameRejection);
            }
        }

        context.Connection.Account.Charge(Cost.Guest);
        // If the client must log in first, the server chooses the name of the guest. So the guest takes no name that somebody else wants.
        var (guest, rejection) = await services.Sessions.BeginAsync(services.Auth.Guests ? frame.Name : null);
        context.Attach(guest);
        Memberships.InitializeEmpty(guest.User);
        return CreateError(frame, rejection) ?? error;
    }

    // Finds the session of a token. Returns an error if there is no such session, or if the storage cannot be read. The argument
    // "otherwise" is the part of the error's text that says what happens instead.
    private async ValueTask<(SessionStart? Found, ChatError? Error)> FindSessionAsync(ClientFrame frame, string token, string otherwise)
    {
        try
        {
            return await services.Sessions.ResumeAsync(token) is { } found
                ? (found, null)
                : (null, new ChatError(ErrorCode.NotFound, $"there is no such session, or it has ended; {otherwise}", frame.CreateHint(ClientFrameType.Whoami)));
        }
        catch (StorageException fault)
        {
            Log.SessionNotRead(services.Logger, fault);
            return (null, new ChatError(ErrorCode.Unavailable, $"that session cannot be looked up at the moment; {otherwise}", RetryAfterMs: 1000));
        }
    }

    // The connection leaves the rooms that the user of the new session may not enter, and stays in its other rooms.
    private async Task ChangeSessionAsync(ChatContext context, Session session)
    {
        var previous = context.Session!;
        context.Attach(session);
        await services.Memberships.LoadAsync(session.User);
        foreach (var (room, _) in context.Rooms.ToArray())
        {
            var visitor = RoomAccess.CreateVisitor(context, services.Memberships.IsMember(session.User, room.Name));
            if (!services.RoomAccess.CanEnter(context, room) || room.FindBan(visitor) is not null)
            {
                await RoomHandler.LeaveRoomAsync(context, room);
                continue;
            }

            await room.ChangeUserAsync(context.Connection, context.Person);
            services.Memberships.Add(session.User, room.Name, room.History.LastSeq);
        }

        services.Sessions.RemoveConnection(previous);
    }

    private Task AnnounceRenameAsync(ChatContext context, string previousName) => AnnounceRenameAsync(context.User, previousName);

    private async Task AnnounceRenameAsync(User user, string previousName)
    {
        if (previousName == user.Name)
            return;
        foreach (var room in services.UserRoomIndex.GetRooms(user.Id))
            await room.RenameAsync(new Person(user.Id, user.Name), previousName);
    }

    // Only this method sends a welcome, so only this method reports the session's token to the transport.
    private void SendWelcome(ChatContext context, IFrameSink answers, FrameId id)
    {
        var (connection, session, user, limits) = (context.Connection, context.Session!, context.User, services.Limits);
        var token = session.Token;
        connection.Transport?.OnSessionChanged(token);
        answers.Send(new WelcomeFrame(
            id,
            // If the token is in a cookie, the frame must not contain the token: the page's scripts can read frames, but not the cookie.
            connection.SessionIsInCookie ? "" : token,
            user.Id,
            user.Name,
            user.IsGuest,
            services.Server,
            services.Time.GetUtcNow(),
            new WelcomeLimits(limits.FrameBytes, limits.TextLength, limits.MessagesPerSecond, services.NamedMembers, services.FileOptions.Enabled ? services.FileOptions.MaxBytes : 0),
            [.. user.Rooms ?? services.UserRoomIndex.GetRooms(user.Id).Select(room => room.Name)],
            services.SupportedRequests.Features));
    }

    private async Task EndOtherSessionsAsync(Session session)
    {
        foreach (var ended in await services.Sessions.EndOthersAsync(session))
            CloseConnections(ended);
    }

    private static void CloseConnections(Session ended)
    {
        foreach (var connection in ended.AttachedConnections)
            connection.Close(Disconnect.SessionEnded);
    }

    private static ChatError? CreateError(ClientFrame frame, NameRejection? rejection) => rejection is null
        ? null
        : new ChatError(
            rejection.Code,
            rejection.Reason,
            frame.CreateHint(ClientFrameType.Nick, name: rejection.Suggestion),
            rejection.RetryAfterMs);

    // No hint repeats the request, because the request holds a password.
    private static ChatError CreateError(ClientFrame frame, AccountRejection rejection) => new(
        rejection.Code,
        rejection.Text,
        rejection.Suggestion is { } name ? frame.CreateHint(ClientFrameType.Nick, name: name)
            : rejection.Code == ErrorCode.NotAllowed ? frame.CreateHint(ClientFrameType.Whoami)
            : null,
        rejection.RetryAfterMs);
}
