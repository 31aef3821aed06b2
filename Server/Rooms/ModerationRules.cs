using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rules of moderation. Only an owner may give roles. Owners and moderators may do all other actions, but not to a user of the same or a
/// higher role.
/// </summary>
internal static class ModerationRules
{
    /// <summary>Returns an error if a user may not do an action.</summary>
    public static ChatError? Check(RoomModeration moderation, string author, ModerationDetails action, string room)
    {
        var role = moderation.GetRole(author);
        var needed = action.Action == ModerationAction.Role ? RoomRole.Owner : RoomRole.Moderator;
        if (RoomRole.GetRank(role) < RoomRole.GetRank(needed))
            return new ChatError(ErrorCode.NotAllowed, $"only {(needed == RoomRole.Owner ? "an owner" : "an owner or a moderator")} of \"{room}\" may do this");
        if (action.User is not { } user)
            return null;
        var target = moderation.GetRole(user);
        if (action.Action == ModerationAction.Role)
        {
            return target == RoomRole.Owner && action.Role != RoomRole.Owner && moderation.OwnerCount == 1
                ? new ChatError(ErrorCode.NotAllowed, $"\"{room}\" needs an owner; make somebody else an owner first")
                : null;
        }

        return RoomRole.GetRank(target) >= RoomRole.GetRank(role) && target != RoomRole.Member
            ? new ChatError(ErrorCode.NotAllowed, $"you may not do this to {action.UserName}, who is {(target == RoomRole.Owner ? "an owner" : "a moderator")} of \"{room}\"")
            : null;
    }
}
