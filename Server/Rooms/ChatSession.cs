using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// What one connection says, made into commands to rooms, and answered. Frames are taken one after the other: a command
/// has its effect before the next frame is looked at; only the answer to <c>say</c> and <c>topic</c> comes when it is stored.
/// </summary>
public sealed partial class ChatSession : IConnectionHandler
{
    private readonly Connection _connection;
    private readonly ChatServices _services;
    private readonly RateLimit _requests;
    private readonly RateLimit _errors;
    private RoomPlaces _rooms = new();
    private RoomLoop? _current;
    private Session? _session;

    public ChatSession(Connection connection, ChatServices services)
    {
        _connection = connection;
        _services = services;
        _requests = new RateLimit(services.Requests);
        _errors = new RateLimit(services.Errors);
    }

    public async ValueTask OpenedAsync()
    {
        if (_connection.Request.ServerSpeaksFirst)
        {
            await GreetAsync(_connection.Request);
            _connection.Greeted();
        }
    }

    public async ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers)
    {
        if (kind == MessageKind.Binary)
        {
            _connection.Close(Disconnect.Binary);
            return;
        }

        var isFrame = ChatCodec.TryReadClient(message.Span, out var frame, out var id, out var error);
        if (_session is null && !(isFrame && frame.Type == ClientFrameType.Hello))
            await GreetAsync(_connection.Request);

        if (!isFrame)
            Refuse(answers, id, error);
        else if (_services.Limits.Enabled && frame.Type != ClientFrameType.Say && !_requests.TryTake(out var retryAfterMs))
            Refuse(answers, id, TooFast("requests", retryAfterMs));
        else
            await TryAsync(frame, answers);
    }

    public async ValueTask ReceivedTooBigAsync(int limitBytes)
    {
        if (_session is null)
            await GreetAsync(_connection.Request);
        Refuse(_connection, default, new ChatError(ErrorCode.TooBig, $"a frame has at most {limitBytes} bytes; that one was dropped"));
    }

    // A connection that still stands has asked its last question, and is owed the whole of the answer.
    public ValueTask ClosedAsync() => DepartAsync(isOwedAnswers: _connection.IsOpen);

    // Leaves the rooms and the session; what is done already is not done again.
    private async ValueTask DepartAsync(bool isOwedAnswers)
    {
        try
        {
            foreach (var (room, catchUp) in _rooms.All())
            {
                if (catchUp is not null && isOwedAnswers)
                    await catchUp.FinishAsync();
                catchUp?.Cancel();
                await room.LeaveAsync(_connection);
            }
        }
        finally
        {
            _rooms.Clear();
            if (_session is { } session)
                _services.Sessions.Release(session);
            _session = null;
        }
    }

    public OutboundFrame Farewell(Disconnect reason)
    {
        // Spread over some seconds, so that a restarted server is not met by everybody at once.
        long? afterMs = reason == Disconnect.Draining ? Random.Shared.Next(500, 5000) : null;
        return new ByeFrame(reason.Code, reason.Text, reason.Reconnect, afterMs).Outbound();
    }

    public OutboundFrame Lagging(long queuedBytes, long limitBytes) => new LagFrame(queuedBytes, limitBytes).Outbound();

    // What the storage cannot do now, it may be able to do later: who asked is told so, and nothing else changes.
    private async ValueTask TryAsync(ClientFrame frame, IFrameSink answers)
    {
        try
        {
            await DoAsync(frame, answers);
        }
        catch (StorageException fault)
        {
            Refuse(answers, frame.Id, fault.IsDamage
                ? new ChatError(ErrorCode.Unavailable, "the server cannot read that any more; its operator has been told")
                : new ChatError(ErrorCode.Unavailable, "the server cannot read or store that at the moment; try again in a moment", RetryAfterMs: 1000));
        }
    }

    private async ValueTask DoAsync(ClientFrame frame, IFrameSink answers)
    {
        switch (frame.Type)
        {
            case ClientFrameType.Hello:
                await HelloAsync(frame, answers);
                break;
            case ClientFrameType.Nick:
                await NickAsync(frame, answers);
                break;
            case ClientFrameType.Register:
                await RegisterAsync(frame, answers);
                break;
            case ClientFrameType.Login:
                await LoginAsync(frame, answers);
                break;
            case ClientFrameType.Logout:
                await LogoutAsync(frame, answers);
                break;
            case ClientFrameType.Whoami:
                Answer(answers, Welcome(frame.Id));
                break;
            case ClientFrameType.Join:
                await JoinAsync(frame, answers);
                break;
            case ClientFrameType.Create:
                await CreateAsync(frame, answers);
                break;
            case ClientFrameType.Leave:
                await LeaveAsync(frame, answers);
                break;
            case ClientFrameType.Say:
                await SayAsync(frame, answers);
                break;
            case ClientFrameType.Read:
                await ReadAsync(frame, answers);
                break;
            case ClientFrameType.Topic:
                await TopicAsync(frame, answers);
                break;
            case ClientFrameType.History:
                await HistoryAsync(frame, answers);
                break;
            case ClientFrameType.Rooms:
                ListRooms(frame, answers);
                break;
            case ClientFrameType.Who:
                await WhoAsync(frame, answers);
                break;
            case ClientFrameType.Help:
                Answer(answers, Help.For(frame.Id, frame.About, Offer.Includes));
                break;
            case ClientFrameType.Ping:
                Answer(answers, new PongFrame(frame.Id, _services.Time.GetUtcNow()));
                break;
            case ClientFrameType.Typing when frame.Id.IsNone:
                break;
            default:
                Refuse(answers, frame.Id, new ChatError(
                    ErrorCode.Unavailable, $"this server does not offer \"{WordOf(frame.Type)}\" yet", Try(frame, ClientFrameType.Help)));
                break;
        }
    }

    private static void Answer(IFrameSink answers, ServerFrame frame) => answers.Send(frame.Outbound());

    private void Refuse(IFrameSink answers, FrameId id, ChatError error)
    {
        answers.Send(new ErrorFrame(id, error).Outbound());
        if (_services.Limits.Enabled && error.Code != ErrorCode.RateLimited && !_errors.TryTake(out _))
            _connection.Close(Disconnect.TooManyErrors);
    }

    // A line that would have worked, in the form in which the client spoke.
    private static string Try(ClientFrame frame, ClientFrameType type, string? room = null, string? name = null, string? text = null) =>
        Hint.Of(new ClientFrame { Type = type, Room = room, Name = name, Text = text }, frame.Typed);

    private static ChatError TooFast(string what, int retryAfterMs) =>
        new(ErrorCode.RateLimited, $"too many {what}; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);

    private static string WordOf(ClientFrameType type) => type.ToString().ToLowerInvariant();
}
