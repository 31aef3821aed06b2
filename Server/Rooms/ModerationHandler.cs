using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles the requests of owners and moderators: <c>role</c>, <c>kick</c>, <c>ban</c>, <c>unban</c>, <c>mute</c>, <c>unmute</c> and
/// <c>slow</c>. The room's loop checks that they are allowed (<see cref="ModerationRules"/>).
/// </summary>
internal sealed class ModerationHandler(ChatServices services)
{
    // The maximum length of a reason, in UTF-16 code units.
    private const int MaxReasonLength = 500;

    // Ten years. A ban without a duration has no end.
    private const int MaxSeconds = 315_360_000;

    // Six hours.
    private const int MaxSlowSeconds = 21_600;

    /// <summary>Handles one of the requests: checks it, finds the user that it names, and posts it to the room.</summary>
    public async ValueTask ModerateAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveJoinedRoomAsync(context, frame);
        if (room is null)
        {
            context.Reject(answers, frame.Id, error!);
            return;
        }

        var action = new ModerationDetails(frame.Type.ToString().ToLowerInvariant(), Role: frame.Role, Seconds: frame.Seconds);
        // Check this before the lookup of the user. Otherwise the answer would show to any member whether that user exists.
        if ((Validate(frame) ?? (context.IsOperator ? null : ModerationRules.Check(room.Moderation, context.User.Id, action, room.Name))) is { } rejection)
        {
            context.Reject(answers, frame.Id, rejection);
            return;
        }

        if (frame.User is { } name)
        {
            if (await FindUserAsync(room, name) is not { } user)
            {
                context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotFound, $"there is no user \"{name}\"", frame.CreateHint(ClientFrameType.Who, room.Name)));
                return;
            }

            action = action with { User = user.Id, UserName = user.Name, Addresses = user.Addresses };
        }

        if (await services.PostHandler.CheckRateAsync(context, frame.Reason ?? "") is { } limited)
        {
            context.Reject(answers, frame.Id, limited);
            return;
        }

        var posted = new NewEvent(RoomEventKind.Moderated, context.User.Id, context.User.Name, frame.Reason ?? "") { Moderation = action };
        await services.PostHandler.PostAsync(context, room, answers, frame, posted);
    }

    private static ChatError? Validate(ClientFrame frame)
    {
        if (frame.Reason?.Length > MaxReasonLength)
            return new ChatError(ErrorCode.TooLong, $"a reason has at most {MaxReasonLength} characters; this one has {frame.Reason.Length}");
        var maxSeconds = frame.Type == ClientFrameType.Slow ? MaxSlowSeconds : MaxSeconds;
        return frame.Seconds > maxSeconds ? new ChatError(ErrorCode.BadField, $"\"seconds\" must be at most {maxSeconds}") : null;
    }

    // A guest who has disconnected has no name any more. But a ban keeps the name, so that a moderator can end the ban by this name.
    private async ValueTask<(string Id, string Name, IReadOnlyList<string> Addresses)?> FindUserAsync(RoomLoop room, string name)
    {
        if (await services.Sessions.FindUserAsync(name) is { } user)
            return (user.Id, user.Name, user.IsGuest ? GetAddresses(user.Id) : []);
        return room.Moderation.Bans.Find(ban => ban.UserName.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } ban ? (ban.User, ban.UserName, ban.Addresses) : null;
    }

    private string[] GetAddresses(string user) =>
        [.. services.Sessions.GetConnections(user).Select(connection => ClientAddress.GetKey(connection.Remote)).Distinct()];
}
