using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>say</c> and <c>topic</c>. The other handlers use this class to check the rate limit of an event and to post the event.
/// </summary>
internal sealed class PostHandler(ChatServices services)
{
    private const int MaxTopicLength = 500;

    // A message takes one token, and one more for each 16 KiB of its text, because every subscriber of the room has to receive the text.
    private const int BytesPerToken = 16 * 1024;

    // If a text has more names, only the first ones count as mentions, because the server must look up each name.
    private const int MaxMentions = 20;

    // While a message waits for its tokens, the handler checks at least once in this time whether the connection was closed.
    private const int MaxWaitMs = 1000;

    /// <summary>Handles <c>say</c>. The ack is sent when the log has stored the message.</summary>
    public async ValueTask SayAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        // If a person who is in no room types a line, the person joins the default room, and the line is posted in this room.
        if (frame.IsTyped && frame.Room is null && context.CurrentRoom is null
            && !await services.RoomHandler.JoinAsync(context, new ClientFrame { Type = ClientFrameType.Join, Room = RoomName.Default, IsTyped = true }, answers))
        {
            return;
        }

        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else if ((ValidateText(frame.Text!) ?? ValidateFiles(frame) ?? await CheckRateAsync(context, frame.Text!)) is { } fault)
            context.Reject(answers, frame.Id, fault);
        else
        {
            context.CurrentRoom = room;
            if (frame.Reply > room.History.LastSeq)
                await room.RefreshAsync();
            var message = new NewEvent(
                RoomEventKind.Message, context.User.Id, context.User.Name, frame.Text!, frame.Reply, frame.Me, frame.Id.IsNone ? null : frame.Id.Key)
            {
                Mentions = await FindMentionsAsync(context, room, frame.Text!),
            };
            await SayAsync(context, room, answers, frame, message);
        }
    }

    // Finds the files of the message, and posts the message.
    private async ValueTask SayAsync(ChatContext context, RoomLoop room, IFrameSink answers, ClientFrame frame, NewEvent message)
    {
        if (frame.Files is not { Count: > 0 } ids)
        {
            await PostAsync(context, room, answers, frame, message);
            return;
        }

        var files = await services.Files.FindUploadsAsync(context.User.Id, ids, CancellationToken.None);
        if (files.Count == ids.Count)
            await PostAsync(context, room, answers, frame, message with { Files = [.. files.Select(file => file.ToMessageFile())] });
        else if (message.ClientId is not null)
            // The client may be sending the message again, after the stored message and its files were deleted. Only the log knows this.
            await PostAsync(context, room, answers, frame, message with { OnlyIfDuplicate = true }, RequestErrors.FileNotFound);
        else
            context.Reject(answers, frame.Id, RequestErrors.FileNotFound);
    }

    /// <summary>Handles <c>topic</c>: sets the topic of a room or, without a text, answers with the current topic.</summary>
    public async ValueTask TopicAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else if (frame.Text is null)
            answers.Send(new AckFrame(frame.Id, room.Name, Topic: room.Summary.Topic));
        else if ((ValidateTopic(frame.Text!) ?? await CheckRateAsync(context, frame.Text!)) is { } fault)
            context.Reject(answers, frame.Id, fault);
        else
            await PostAsync(context, room, answers, frame, new NewEvent(RoomEventKind.Topic, context.User.Id, context.User.Name, frame.Text!));
    }

    /// <summary>Returns the error of an invalid topic; null for a valid one.</summary>
    public static ChatError? ValidateTopic(string topic) => topic.Length > MaxTopicLength
        ? new ChatError(ErrorCode.TooLong, $"a topic has at most {MaxTopicLength} characters; this one has {topic.Length}")
        : null;

    /// <summary>Returns the error of a text that is too long for a message; null for a valid one.</summary>
    public ChatError? ValidateText(string text) => text.Length > services.Limits.TextLength
        ? new ChatError(ErrorCode.TooLong, $"a text has at most {services.Limits.TextLength} characters; this one has {text.Length}")
        : null;

    /// <summary>
    /// Finds the users that a text mentions. An owner or a moderator mentions everybody with <c>@here</c>.
    /// </summary>
    /// <returns>The ids of the users; null if the text mentions nobody.</returns>
    public ValueTask<IReadOnlyList<string>?> FindMentionsAsync(ChatContext context, RoomLoop room, string text) =>
        FindMentionsAsync(context, room, text, context.Connection.Account);

    /// <summary>Finds the users that the text of a program mentions. A program cannot mention everybody.</summary>
    /// <param name="account">The account of the program's address. It pays for the look-ups.</param>
    /// <inheritdoc cref="FindMentionsAsync(ChatContext, RoomLoop, string)"/>
    public ValueTask<IReadOnlyList<string>?> FindMentionsAsync(RoomLoop room, string text, AddressAccount account) => FindMentionsAsync(context: null, room, text, account);

    // The context is null if a program posts the message.
    private async ValueTask<IReadOnlyList<string>?> FindMentionsAsync(ChatContext? context, RoomLoop room, string text, AddressAccount account)
    {
        List<string>? found = null;
        Action? charge = null;
        foreach (var name in Mentions.FindNames(text, MaxMentions))
        {
            var id = !name.Equals(NewEvent.Everybody, StringComparison.OrdinalIgnoreCase) ? (await services.Sessions.FindUserAsync(name, charge ??= ChargeLookup))?.Id
                : context is not null && context.GetRole(room.Moderation) != RoomRole.Member ? NewEvent.Everybody
                : null;
            if (id is not null && found?.Contains(id) != true)
                (found ??= []).Add(id);
        }

        return found;

        void ChargeLookup() => account.Charge(Cost.MentionLookup);
    }

    /// <summary>
    /// Takes the tokens of a message. If too few are left, waits if the connection has <c>WaitsForMessageRate</c>; otherwise returns an error.
    /// </summary>
    public async ValueTask<ChatError?> CheckRateAsync(ChatContext context, string text)
    {
        if (!services.Limits.Enabled)
            return null;
        var connection = context.Connection;
        var bytes = TextSize.GetBytes(text);
        var tokens = CountTokens(bytes);
        int retryAfterMs;
        while (!context.User.MessageLimit.TryTake(tokens, out retryAfterMs))
        {
            if (connection.WaitsForMessageRate)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(retryAfterMs, MaxWaitMs)), services.Time);
            if (!connection.WaitsForMessageRate || !connection.IsOpen)
                return RequestErrors.CreateRateLimited("messages", retryAfterMs);
            // The server reads nothing from the peer during the wait, so the peer must not count as silent.
            connection.MarkActivity();
        }

        return context.Charge(Cost.ForPost(bytes));
    }

    /// <summary>Returns the error of a program's message that the server does not accept; null for a valid one.</summary>
    public ChatError? ValidateProgramMessage(ClientFrame frame) => frame.Files is { Count: > 0 }
        ? new ChatError(ErrorCode.NotOffered, "a program cannot post files; send the text alone")
        : ValidateText(frame.Text!);

    // Does not check whether the files exist: the caller looks them up.
    private ChatError? ValidateFiles(ClientFrame frame) =>
        frame.Files is not { Count: > 0 } files ? null
        : !services.FileOptions.Enabled ? new ChatError(ErrorCode.NotOffered, "this server does not take files; send the text alone")
        : files.Count > services.FileOptions.PerMessage ? new ChatError(ErrorCode.TooMany, $"a message has at most {services.FileOptions.PerMessage} files; this one has {files.Count}")
        : files.Distinct().Count() < files.Count ? new ChatError(ErrorCode.BadField, "\"files\" contains the same id twice")
        : null;

    /// <summary>The tokens of the rate limit that a message with this many bytes takes.</summary>
    // At most half of the burst, so that even the longest text never needs more tokens than the bucket can hold.
    public int CountTokens(int bytes) => Math.Min(1 + (bytes / BytesPerToken), Math.Max(1, services.Limits.MessageBurst / 2));

    /// <summary>
    /// Posts an event. The author's session is stored before the event. Otherwise a crash between the two writes could leave an event whose
    /// author can never resume the session.
    /// </summary>
    /// <param name="errorUnlessDuplicate">The answer if <see cref="NewEvent.OnlyIfDuplicate"/> is set, and the event is not a duplicate.</param>
    public async ValueTask PostAsync(ChatContext context, RoomLoop room, IFrameSink answers, ClientFrame frame, NewEvent posted, ChatError? errorUnlessDuplicate = null)
    {
        if (await services.Sessions.EnsureSavedAsync(context.Session!))
        {
            answers.ExpectDeferredAnswer();
            await room.PostAsync(context.Connection, answers, frame, posted, context.IsOperator, errorUnlessDuplicate);
        }
        else
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.Unavailable, "the server cannot store messages at the moment; send the message again in a moment", RetryAfterMs: 1000));
    }
}
