using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Search;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>search</c>. A user finds the messages that <c>history</c> would show: those of public rooms, and of the private rooms that
/// the user is a member of. The search leaves out the rooms from which the user is banned.
/// </summary>
internal sealed class SearchHandler(ChatServices services)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    // The index searches for each word separately, so each word costs time.
    private const int MaxPhrases = 16;

    // The maximum time for which a search waits for the searches of other users.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    // Only one search runs at a time. Waiting searches run round-robin by client address.
    private readonly FairGate _turns = new(places: 1, services.Time);

    // A search counts as this many requests. With the default settings, a user may search four times a second, and forty times in one burst.
    private const int RequestTokens = 5;

    /// <summary>Checks the query and the rate, and then searches.</summary>
    public async ValueTask SearchAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        if (!SearchQuery.TryParse(frame.Query!, out var query, out var problem, out var example))
        {
            context.Reject(answers, frame.Id, CreateError(frame, problem, example));
            return;
        }

        var phrases = query.Texts.Select(SearchPhrase.Create).OfType<SearchPhrase>().ToList();
        if (phrases.Count == 0 && query is { From: null, Room: null, HasFile: false } && frame is { From: null, Room: null })
            context.Reject(answers, frame.Id, CreateError(frame, "the query has no word", SearchQuery.Example));
        else if (phrases.Count > MaxPhrases)
            context.Reject(answers, frame.Id, CreateError(frame, $"a query has at most {MaxPhrases} words; this one has {phrases.Count}", SearchQuery.Example));
        else if (CheckRate(context) is { } limited)
            context.Reject(answers, frame.Id, limited);
        else
            await SearchAsync(context, frame with { Room = frame.Room ?? query.Room, From = frame.From ?? query.From }, query, phrases, answers);
    }

    // Searches the rooms that the user may read, and sends the page of results.
    private async ValueTask SearchAsync(ChatContext context, ClientFrame frame, SearchQuery query, List<SearchPhrase> phrases, IFrameSink answers)
    {
        var (scope, error) = await GetScopeAsync(context, frame);
        if (error is not null)
        {
            context.Reject(answers, frame.Id, error);
            return;
        }

        var page = await FindAsync(context, new MessageQuery(phrases, scope!)
        {
            Author = frame.From is null ? null : new SearchedAuthor((await services.Sessions.FindUserAsync(frame.From))?.Id, frame.From),
            HasFile = query.HasFile,
            After = query.AfterTime is { } after ? SearchCursor.Get(after) : 0,
            Before = Math.Min(frame.Before ?? long.MaxValue, query.BeforeCursor ?? (query.BeforeTime is { } time ? SearchCursor.Get(time) : long.MaxValue)),
            Limit = Math.Min(frame.Limit ?? DefaultLimit, MaxLimit),
        });
        if (page is { IsTimedOut: true, Messages.Count: 0 })
        {
            context.Reject(answers, frame.Id, new ChatError(
                ErrorCode.Unavailable, "the search took too long; search for a rarer word, or in one room", CreateHint(frame, $"{SearchQuery.Example} in:#lobby"), RetryAfterMs: 1000));
            return;
        }

        var frames = page.Messages.Select(found => EventFrames.Create(found.Room, found.Event, SnippetBuilder.Create(found.Event.Content.Text, phrases))).TakePage(MaxLimit);
        context.Connection.Account.Charge(Cost.ForHistory(frames.Sum(found => found.Frame.Payload.Length)));
        answers.Send(new ResultsFrame(
            frame.Id, frame.Query!, frames.GetPayloads(), page.HasMore || frames.Count < page.Messages.Count ? page.Messages[frames.Count - 1].Cursor : null));
    }

    // Waits for the turn of the client's address, and searches. If the turn does not come in time, the page is empty and marked as timed out.
    private async ValueTask<SearchPage> FindAsync(ChatContext context, MessageQuery query)
    {
        using var turn = await _turns.EnterAsync(context.Connection.Remote, MaxWait, CancellationToken.None);
        if (turn is null)
            return new SearchPage([], HasMore: true, IsTimedOut: true);
        var start = services.Time.GetTimestamp();
        try
        {
            return await services.Search.SearchAsync(query, CancellationToken.None);
        }
        finally
        {
            context.Connection.Account.Charge(Cost.ForSearch(services.Time.GetElapsedTime(start)));
        }
    }

    // Returns the rooms to search, or the reason why the user may not search the room of the request.
    private async ValueTask<(SearchScope? Scope, ChatError? Error)> GetScopeAsync(ChatContext context, ClientFrame frame)
    {
        if (frame.Room is not null)
        {
            var (room, error) = await services.RoomAccess.ResolveReadableRoomAsync(context, frame);
            return (room is null ? null : new SearchScope([room.Name]), error);
        }

        var memberships = Memberships.GetRooms(context.User);
        return (new SearchScope(memberships, WithPublicRooms: true, await ListBannedRoomsAsync(context, memberships)), null);
    }

    // The rules are those of a join: a ban of an address applies only to new guests, and no ban applies to an operator.
    private async ValueTask<IReadOnlyList<string>> ListBannedRoomsAsync(ChatContext context, IReadOnlyList<string> memberships)
    {
        if (context.IsOperator)
            return [];
        var address = context.User.IsGuest ? ClientAddress.GetKey(context.Connection.Remote) : null;
        var banned = await services.Catalog.ListBannedRoomsAsync(context.User.Id, address, services.Time.GetUtcNow(), CancellationToken.None);
        return [.. banned.Where(ban => !ban.IsByAddress || !memberships.Contains(ban.Room, StringComparer.OrdinalIgnoreCase)).Select(ban => ban.Room).Distinct()];
    }

    private ChatError? CheckRate(ChatContext context) =>
        !services.Limits.Enabled ? null
        : !context.User.RequestLimit.TryTake(RequestTokens, out var retryAfterMs) ? RequestErrors.CreateRateLimited("searches", retryAfterMs)
        : context.Charge(Cost.Search);

    private static ChatError CreateError(ClientFrame frame, string problem, string example) =>
        new(frame.Query!.Length > SearchQuery.MaxLength ? ErrorCode.TooLong : ErrorCode.BadField, problem, CreateHint(frame, example));

    private static string CreateHint(ClientFrame frame, string query) =>
        Hint.Create(new ClientFrame { Type = ClientFrameType.Search, Query = query }, frame.IsTyped);
}
