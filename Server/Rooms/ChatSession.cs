using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The chat side of one connection: reads the client's frames and dispatches each one to the handler of its type. The frames are handled
/// one at a time: a request has taken effect before the next frame is read. The exceptions are the requests that add an event to a room's
/// log: they take effect when the event is stored, and the answer is sent then.
/// </summary>
public sealed class ChatSession : IConnectionHandler
{
    private readonly ChatServices _services;
    private readonly ChatContext _context;

    public ChatSession(Connection connection, ChatServices services)
    {
        _services = services;
        _context = new ChatContext(connection, services);
    }

    /// <summary>The name of the connection's user; null while the connection has no session.</summary>
    internal string? UserName => _context.Session?.User.Name;

    public bool HasSession => _context.Session is { IsEnded: false };

    public async ValueTask OnOpenedAsync()
    {
        var connection = _context.Connection;
        if (connection.Request.ServerSpeaksFirst)
        {
            await _services.IdentityHandler.GreetAsync(_context);
            connection.MarkGreeted();
        }
    }

    public async ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers)
    {
        if (kind == MessageKind.Binary)
        {
            _context.Connection.Close(Disconnect.Binary);
            return;
        }

        var isFrame = ChatCodec.TryReadClient(message.Span, out var frame, out var id, out var error);
        if (_context.Session is null && !(isFrame && frame.Type == ClientFrameType.Hello))
            await _services.IdentityHandler.GreetAsync(_context);

        await _context.ForgetRemovedRoomsAsync();
        if (!isFrame)
            _context.Reject(answers, id, error);
        else if (answers.IsFull)
            _context.Reject(answers, id, RequestErrors.UnreadAnswers);
        else if (CheckRate(frame.Type) is { } limited)
            _context.Reject(answers, id, limited);
        else if (!LoginRequirement.AllowsWithoutLogin(frame.Type) && _services.LoginRequirement.AppliesTo(_context.User))
            _context.Reject(answers, id, _services.LoginRequirement.CreateError(frame.IsTyped));
        else
            await HandleAsync(frame, answers);
    }

    public async ValueTask OnMessageTooBigAsync(int limitBytes)
    {
        if (_context.Session is null)
            await _services.IdentityHandler.GreetAsync(_context);
        _context.Reject(_context.Connection, default, new ChatError(ErrorCode.TooBig, $"a frame has at most {limitBytes} bytes; the server dropped a longer frame"));
    }

    // If the connection is still open here, the peer has only shut down its sending side. The peer still reads, so the server sends all
    // missed events.
    public ValueTask OnClosedAsync() => _services.IdentityHandler.DepartAsync(_context, finishCatchUp: _context.Connection.IsOpen);

    public EncodedFrame CreateCloseMessage(Disconnect reason)
    {
        // Each client gets a random delay, so that the clients do not all reconnect at the same moment.
        long? afterMs = reason == Disconnect.Draining ? Random.Shared.Next(500, 5000)
            : reason == Disconnect.AddressLimit ? Random.Shared.Next(5_000, 15_000)
            : null;
        return new ByeFrame(reason.Code, reason.Text, reason.Reconnect, afterMs).Encode();
    }

    public EncodedFrame CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => new LagFrame(queuedBytes, limitBytes).Encode();

    // Checks the limits that apply to all requests. The handlers check the message rate, and charge the additional points of messages, rooms and
    // searches.
    private ChatError? CheckRate(ClientFrameType type)
    {
        if (!_services.Limits.Enabled)
            return null;
        if (type != ClientFrameType.Say && _context.Session?.User.RequestLimit.TryTake(out var retryAfterMs) == false)
            return RequestErrors.CreateRateLimited("requests", retryAfterMs);
        return type is ClientFrameType.Join or ClientFrameType.Leave or ClientFrameType.Nick ? _context.Charge(Cost.Announcement) : _context.Charge(Cost.Request);
    }

    // A storage error rejects only this request. A later request may succeed.
    private async ValueTask HandleAsync(ClientFrame frame, IFrameSink answers)
    {
        try
        {
            await DispatchAsync(frame, answers);
        }
        catch (StorageException fault)
        {
            _context.Reject(answers, frame.Id, RequestErrors.CreateUnavailable(fault));
        }
    }

    // Passes the frame to the handler of its type.
    private async ValueTask DispatchAsync(ClientFrame frame, IFrameSink answers)
    {
        switch (frame.Type)
        {
            case ClientFrameType.Hello:
                await _services.IdentityHandler.HelloAsync(_context, frame, answers);
                break;
            case ClientFrameType.Nick:
                await _services.IdentityHandler.NickAsync(_context, frame, answers);
                break;
            case ClientFrameType.Register when _services.Auth.Register:
                await _services.IdentityHandler.RegisterAsync(_context, frame, answers);
                break;
            case ClientFrameType.Login:
                await _services.IdentityHandler.LoginAsync(_context, frame, answers);
                break;
            case ClientFrameType.Logout:
                await _services.IdentityHandler.LogoutAsync(_context, frame, answers);
                break;
            case ClientFrameType.Whoami:
                _services.IdentityHandler.Whoami(_context, frame, answers);
                break;
            case ClientFrameType.Join:
                await _services.RoomHandler.JoinAsync(_context, frame, answers);
                break;
            case ClientFrameType.Create:
                await _services.RoomHandler.CreateAsync(_context, frame, answers);
                break;
            case ClientFrameType.Leave:
                await _services.RoomHandler.LeaveAsync(_context, frame, answers);
                break;
            case ClientFrameType.Close:
                await _services.RoomHandler.CloseAsync(_context, frame, answers);
                break;
            case ClientFrameType.History:
                await _services.RoomHandler.HistoryAsync(_context, frame, answers);
                break;
            case ClientFrameType.Rooms:
                await _services.RoomHandler.ListRoomsAsync(_context, frame, answers);
                break;
            case ClientFrameType.Who:
                await _services.RoomHandler.WhoAsync(_context, frame, answers);
                break;
            case ClientFrameType.Say:
                await _services.PostHandler.SayAsync(_context, frame, answers);
                break;
            case ClientFrameType.Topic:
                await _services.PostHandler.TopicAsync(_context, frame, answers);
                break;
            case ClientFrameType.Edit:
                await _services.MessageHandler.EditAsync(_context, frame, answers);
                break;
            case ClientFrameType.Delete:
                await _services.MessageHandler.DeleteAsync(_context, frame, answers);
                break;
            case ClientFrameType.React:
                await _services.MessageHandler.ReactAsync(_context, frame, answers);
                break;
            case ClientFrameType.Typing:
                await _services.ReadMarkHandler.TypingAsync(_context, frame, answers);
                break;
            case ClientFrameType.Notify:
                await _services.ReadMarkHandler.NotifyAsync(_context, frame, answers);
                break;
            case ClientFrameType.Invite:
                await _services.InviteHandler.InviteAsync(_context, frame, answers);
                break;
            case ClientFrameType.Dm:
                await _services.InviteHandler.DirectAsync(_context, frame, answers);
                break;
            case ClientFrameType.Role or ClientFrameType.Kick or ClientFrameType.Ban or ClientFrameType.Unban or ClientFrameType.Mute or ClientFrameType.Unmute or ClientFrameType.Slow:
                await _services.ModerationHandler.ModerateAsync(_context, frame, answers);
                break;
            case ClientFrameType.Password:
                await _services.IdentityHandler.ChangePasswordAsync(_context, frame, answers);
                break;
            case ClientFrameType.Read:
                await _services.ReadMarkHandler.ReadAsync(_context, frame, answers);
                break;
            case ClientFrameType.Search when _services.SupportedRequests.Includes(frame.Type):
                await _services.SearchHandler.SearchAsync(_context, frame, answers);
                break;
            case ClientFrameType.Tokens:
                await _services.TokenHandler.HandleAsync(_context, frame, answers);
                break;
            case ClientFrameType.Webhook when _services.SupportedRequests.Includes(frame.Type):
                await _services.WebhookHandler.HandleAsync(_context, frame, answers);
                break;
            case ClientFrameType.Help:
                answers.Send(Help.CreateFrame(frame.Id, frame.About, _services.SupportedRequests.Includes));
                break;
            case ClientFrameType.Ping:
                answers.Send(new PongFrame(frame.Id, _services.Time.GetUtcNow()));
                break;
            default:
                var name = frame.Type.ToString().ToLowerInvariant();
                _context.Reject(answers, frame.Id, new ChatError(
                    ErrorCode.NotOffered, $"this server does not offer \"{name}\"", frame.CreateHint(ClientFrameType.Help)));
                break;
        }
    }
}
