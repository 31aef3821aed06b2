using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>Kept names: <c>register</c>, <c>login</c>, <c>logout</c>; and that nobody's words are stored before who they are is.</content>
public sealed partial class ChatSession
{
    private async ValueTask RegisterAsync(ClientFrame frame, IFrameSink answers)
    {
        var was = Me.Name;
        if (await _services.Accounts.RegisterAsync(_session!, frame.Name!, frame.Password!, _connection.Remote) is { } refusal)
        {
            Refuse(answers, frame.Id, ErrorOf(frame, refusal));
            return;
        }

        Answer(answers, Welcome(frame.Id));
        await TellRenamedAsync(was);
    }

    private async ValueTask LoginAsync(ClientFrame frame, IFrameSink answers)
    {
        var login = await _services.Accounts.LoginAsync(frame.Name!, frame.Password!, _connection.Remote);
        if (login.Session is not { } session)
        {
            Refuse(answers, frame.Id, ErrorOf(frame, login.Refusal!));
            return;
        }

        // This connection may be one of a session that ended for the new one: it is closed no more.
        await BecomeAsync(session);
        Answer(answers, Welcome(frame.Id));
        foreach (var ended in login.Ended)
            CloseAllOf(ended);
    }

    private async ValueTask LogoutAsync(ClientFrame frame, IFrameSink answers)
    {
        var session = _session!;
        try
        {
            await _services.Sessions.EndAsync(session);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(_services.Logger, fault);
            Refuse(answers, frame.Id, new ChatError(ErrorCode.Unavailable, "your session could not be ended; try again in a moment", RetryAfterMs: 1000));
            return;
        }

        // First, so that whoever hears of it finds the name free.
        await DepartAsync(isOwedAnswers: false);
        Answer(answers, new AckFrame(frame.Id));
        _connection.Close(Disconnect.LoggedOut);
        CloseAllOf(session);
    }

    private void CloseAllOf(Session ended)
    {
        foreach (var other in _services.Connections.All)
        {
            if (other.Handler is ChatSession device && Volatile.Read(ref device._session) == ended)
                other.Close(Disconnect.SessionEnded);
        }
    }

    /// <summary>Posts to a room, once the author's session is stored: what was said is never left by somebody who cannot come back to it.</summary>
    private async ValueTask PostAsync(RoomLoop room, IFrameSink answers, ClientFrame frame, NewEvent posted)
    {
        if (await _services.Sessions.EnsureSavedAsync(_session!))
        {
            answers.ExpectOneLater();
            await room.PostAsync(_connection, answers, frame, posted);
        }
        else
            Refuse(answers, frame.Id, new ChatError(ErrorCode.Unavailable, "nothing can be stored at the moment; send it again in a moment", RetryAfterMs: 1000));
    }

    // No hint repeats what was sent: it holds a password.
    private static ChatError ErrorOf(ClientFrame frame, AccountRefusal refusal) => new(
        refusal.Code,
        refusal.Text,
        refusal.Suggestion is { } name ? Try(frame, ClientFrameType.Nick, name: name)
            : refusal.Code == ErrorCode.NotAllowed ? Try(frame, ClientFrameType.Whoami)
            : null,
        refusal.RetryAfterMs);
}
