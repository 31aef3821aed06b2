using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Api;

/// <summary>
/// Posts and reads the messages of a room, for a program with a token of the room. A request without a valid token of this room always gets the same
/// answer, so no answer shows whether a room exists.
/// </summary>
internal sealed class MessagesEndpoint(ProgramRequests programs, ConnectionRegistry connections, HttpEndpoint http)
{
    public Task PostAsync(HttpContext context, string room) => context.RunAsync(connections, async account =>
    {
        // Authenticate before reading the body, so that a client without a token can't make the server buffer the body.
        if (await FindTokenAsync(context, room, account) is not { } token)
            return;
        using var posted = new RequestBody(context, http.Bodies);
        if (await posted.ReadAsync(http) is not { } body)
            return;
        var answer = ChatCodec.TryReadSay(body.Span, out var frame, out var id, out var error)
            ? await programs.PostAsync(token, frame, account, context.RequestAborted)
            : new ErrorFrame(id, error);
        if (answer is AckFrame ack)
            await context.AnswerAsync(ack.Duplicate ? StatusCodes.Status200OK : StatusCodes.Status201Created, ChatCodec.Encode(ack));
        else
            await context.RejectAsync(account, (ErrorFrame)answer);
    });

    public Task ReadAsync(HttpContext context, string room) => context.RunAsync(connections, async account =>
    {
        if (await FindTokenAsync(context, room, account) is not { } token)
            return;
        if (http.Answers.IsUsedUp)
        {
            await context.RejectAsync(ErrorCode.RateLimited, "too many answers wait for their clients", retryAfterMs: 1_000);
            return;
        }

        var (frame, error) = ReadQuery(context);
        var answer = frame is null ? new ErrorFrame(default, error!) : await programs.ReadHistoryAsync(token, frame, account);
        if (answer is HistoryFrame history)
            await AnswerAsync(context, ChatCodec.Encode(history));
        else
            await context.RejectAsync(account, (ErrorFrame)answer);
    });

    // The bytes of the answer count towards the budget http.Answers until the client has read them.
    private async Task AnswerAsync(HttpContext context, byte[] answer)
    {
        http.Answers.Add(answer.Length);
        try
        {
            await context.AnswerAsync(StatusCodes.Status200OK, answer);
        }
        finally
        {
            http.Answers.Remove(answer.Length);
        }
    }

    // Returns null if the request has no valid token of the room. In that case this method has answered the request.
    private async Task<StoredToken?> FindTokenAsync(HttpContext context, string room, AddressAccount account)
    {
        var bearer = SessionCredential.FindBearer(context.Request);
        if (bearer is not null && await programs.FindTokenAsync(bearer) is { } token && IsName(token.Room, room))
            return token;
        account.Charge(Cost.Error);
        await context.RejectAsync(
            ErrorCode.NotAllowed,
            "a valid token of the room is required, as Authorization: Bearer TOKEN; in the room, an owner or a moderator creates one with tokens",
            """{"type":"tokens","do":"create","name":"build-server"}""",
            StatusCodes.Status401Unauthorized);
        return null;
    }

    private static bool IsName(string name, string given) =>
        name.Equals(RoomName.Normalize(given.StartsWith('#') ? given[1..] : given), StringComparison.OrdinalIgnoreCase);

    private static (ClientFrame? Frame, ChatError? Error) ReadQuery(HttpContext context)
    {
        ChatError? error = null;
        var frame = new ClientFrame
        {
            Type = ClientFrameType.History,
            Before = ReadNumber("before", 0),
            After = ReadNumber("after", 0),
            Around = ReadNumber("around", 0),
            Limit = ReadNumber("limit", 1) is { } limit ? (int)Math.Min(limit, int.MaxValue) : null,
        };
        return error is null ? (frame, null) : (null, error);

        long? ReadNumber(string name, long min)
        {
            if (context.GetParameter(name) is not { } text)
                return null;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min)
                return number;
            error = new ChatError(ErrorCode.BadField, $"\"{name}\" must be a whole number, {min} or more", $"{name}=42");
            return null;
        }
    }
}
