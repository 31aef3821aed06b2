using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles the requests of programs. A program has a token of one room instead of a session. It is not a member of the room, and its messages
/// have a bot as author. Thread-safe.
/// </summary>
public sealed class ProgramRequests(ChatServices services)
{
    // The maximum number of tokens whose rate limit is in memory. A new token replaces a token whose bucket is full again, so the server can have
    // more programs than this.
    private const int MaxActiveTokens = 10_000;

    private readonly RateLimits _posts = new(services.Limits.MessagesPerSecond, services.Limits.MessageBurst, MaxActiveTokens, services.Time);
    private readonly RateLimits _reads = new(services.Limits.RequestsPerSecond, services.Limits.RequestsPerSecond * 10, MaxActiveTokens, services.Time);

    /// <summary>Finds a token by its secret. Returns null if the token does not exist, was revoked, or belongs to a removed room.</summary>
    /// <exception cref="StorageException">The tokens cannot be read.</exception>
    public ValueTask<StoredToken?> FindTokenAsync(string secret) => services.Tokens.FindAsync(SessionToken.ComputeHash(secret), CancellationToken.None);

    /// <summary>Posts a message to the room of the token.</summary>
    /// <param name="token">The token of the program.</param>
    /// <param name="frame">A <c>say</c>. Its room is ignored.</param>
    /// <param name="account">The account of the program's address.</param>
    /// <param name="cancellationToken">Ends the wait for the answer. The server may still post the message.</param>
    /// <returns>An <see cref="AckFrame"/> when the message is stored; otherwise an <see cref="ErrorFrame"/>.</returns>
    public async ValueTask<ServerFrame> PostAsync(StoredToken token, ClientFrame frame, AddressAccount account, CancellationToken cancellationToken)
    {
        var text = frame.Text ?? "";
        if ((services.PostHandler.ValidateProgramMessage(frame) ?? CheckPostRate(token, text, account)) is { } error)
            return new ErrorFrame(frame.Id, error);
        if (await FindRoomAsync(token) is not { } room)
            return new ErrorFrame(frame.Id, CreateNoRoomError(token));
        if (IsCreatorBanned(room, token))
            return new ErrorFrame(frame.Id, CreateBannedError(token));
        var posted = new NewEvent(RoomEventKind.Message, token.Bot, token.Name, text, frame.Reply, frame.Me, frame.Id.IsNone ? null : frame.Id.Key)
        {
            IsBot = true,
            Mentions = await services.PostHandler.FindMentionsAsync(room, text, account),
        };
        var answer = new SingleAnswer();
        await room.PostAsync(answer, frame, posted);
        return await answer.Frame.WaitAsync(cancellationToken);
    }

    /// <summary>Reads a page of the history of the token's room.</summary>
    /// <param name="token">The token of the program.</param>
    /// <param name="frame">A <c>history</c>. Its room is ignored.</param>
    /// <param name="account">The account of the program's address.</param>
    /// <returns>A <see cref="HistoryFrame"/> or an <see cref="ErrorFrame"/>.</returns>
    /// <exception cref="StorageException">The history cannot be read.</exception>
    public async ValueTask<ServerFrame> ReadHistoryAsync(StoredToken token, ClientFrame frame, AddressAccount account)
    {
        if (services.Limits.Enabled && !_reads.TryTake(token.Bot, out var retryAfterMs))
            return new ErrorFrame(frame.Id, CreateRateLimited("requests", retryAfterMs));
        if (await FindRoomAsync(token) is not { } room)
            return new ErrorFrame(frame.Id, CreateNoRoomError(token));
        return IsCreatorBanned(room, token) ? new ErrorFrame(frame.Id, CreateBannedError(token)) : await RoomHandler.ReadHistoryAsync(room, frame, account);
    }

    /// <summary>The error of a request that failed because of the storage.</summary>
    public static ChatError CreateUnavailable(StorageException fault) => RequestErrors.CreateUnavailable(fault);

    // Since the token was found, its room may have been removed, and another user may have created a room with the same name. A token is deleted
    // together with its room. So look for the token again: if it still exists, the found room is the room of the token. If this room is removed
    // later, it accepts no posts.
    private async ValueTask<RoomLoop?> FindRoomAsync(StoredToken token) =>
        await services.Rooms.FindAsync(token.Room) is { } room && await services.Tokens.FindAsync(token.TokenHash, CancellationToken.None) is not null ? room : null;

    // A ban also applies to the tokens of the banned user. Otherwise the user could still read and post with a token from the time before the ban.
    private bool IsCreatorBanned(RoomLoop room, StoredToken token) => room.Moderation.FindBan(token.Creator, services.Time.GetUtcNow()) is not null;

    private ChatError? CheckPostRate(StoredToken token, string text, AddressAccount account)
    {
        if (!services.Limits.Enabled)
            return null;
        var bytes = TextSize.GetBytes(text);
        if (!_posts.TryTake(token.Bot, services.PostHandler.CountTokens(bytes), out var retryAfterMs))
            return CreateRateLimited("messages", retryAfterMs);
        return account.TryCharge(Cost.ForPost(bytes), out retryAfterMs) ? null : CreateRateLimited("messages from your address", retryAfterMs);
    }

    private ChatError CreateRateLimited(string what, int retryAfterMs)
    {
        services.Metrics.CountRejection("rate");
        return RequestErrors.CreateRateLimited(what, retryAfterMs);
    }

    // The room was removed, or the token was revoked, after the token was found.
    private static ChatError CreateNoRoomError(StoredToken token) => new(ErrorCode.NoRoom, $"no such room \"{token.Room}\"");

    private static ChatError CreateBannedError(StoredToken token) => new(ErrorCode.Banned, $"the user who created this token is banned from \"{token.Room}\"");

    /// <summary>Receives the answer to one post.</summary>
    private sealed class SingleAnswer : IFrameSink
    {
        private readonly TaskCompletionSource<ServerFrame> _frame = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ServerFrame> Frame => _frame.Task;

        public void Send(ServerFrame frame) => _frame.TrySetResult(frame);

        /// <summary>A room answers a program only with <see cref="ServerFrame"/> objects. A call of this overload is a bug in the server.</summary>
        public void Send(EncodedMessage message) => Send(new ErrorFrame(default, new ChatError(ErrorCode.Internal, "the server sent an answer that it cannot read")));
    }
}
