using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>tokens</c>: an owner or a moderator creates, lists and revokes the tokens with which programs post to a room. The server stores
/// only the hash of a token, so it shows the token once, in the answer to its creation.
/// </summary>
internal sealed class TokenHandler(ChatServices services)
{
    /// <summary>Handles <c>tokens</c> with <c>list</c>, <c>create</c> or <c>revoke</c>.</summary>
    public async ValueTask HandleAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveModeratedRoomAsync(context, frame, "create, list and revoke its tokens");
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else if (frame is { Do: "list" })
            await AnswerAsync(frame, room, answers, name: null, secret: null);
        else if (frame.Name is not { } name)
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.MissingField, $"to {frame.Do} a token, give its name", CreateHint(frame, frame.Do!, "build-server")));
        else if (frame is { Do: "create" })
            await CreateAsync(context, frame, room, name, answers);
        else
            await RevokeAsync(context, frame, room, name, answers);
    }

    private async ValueTask CreateAsync(ChatContext context, ClientFrame frame, RoomLoop room, string name, IFrameSink answers)
    {
        if (NameRule.AcceptForUser(name, out var reason) is not { } accepted)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.BadName, reason, CreateHint(frame, "create", "build-server")));
            return;
        }

        // The name is shown beside the messages, so it must not be the name of a person.
        if (await services.Sessions.FindUserAsync(accepted) is not null)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NameTaken, $"a user has the name \"{accepted}\"; give the token another name", CreateHint(frame, "create", "build-server")));
            return;
        }

        var secret = SessionToken.Create();
        var token = new StoredToken(SessionToken.ComputeHash(secret), room.Name, CreateBotId(), accepted, context.User.Id, services.Time.GetUtcNow());
        if (CreateError(frame, room, accepted, await services.Tokens.AddAsync(token, services.Limits.TokensPerRoom, CancellationToken.None)) is { } error)
            context.Reject(answers, frame.Id, error);
        else
            await AnswerAsync(frame, room, answers, accepted, secret);
    }

    private async ValueTask RevokeAsync(ChatContext context, ClientFrame frame, RoomLoop room, string name, IFrameSink answers)
    {
        // The name was normalized when the token was created. So every spelling of the name finds the token.
        if (await services.Tokens.RevokeAsync(room.Name, RoomName.Normalize(name), CancellationToken.None) is { } revoked)
            await AnswerAsync(frame, room, answers, revoked.Name, secret: null);
        else
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotFound, $"\"{room.Name}\" has no token \"{name}\"", CreateHint(frame, "list", name: null)));
    }

    private async ValueTask AnswerAsync(ClientFrame frame, RoomLoop room, IFrameSink answers, string? name, string? secret)
    {
        var tokens = await services.Tokens.ListAsync(room.Name, CancellationToken.None);
        answers.Send(new TokensFrame(frame.Id, frame.Do!, room.Name, [.. tokens.Select(token => new TokenInfo(token.Name, token.CreatedAt))], name, secret));
    }

    private ChatError? CreateError(ClientFrame frame, RoomLoop room, string name, TokenCreation result) => result switch
    {
        TokenCreation.Created => null,
        TokenCreation.NameTaken => new ChatError(ErrorCode.NameTaken, $"\"{room.Name}\" has a token \"{name}\" already", CreateHint(frame, "revoke", name)),
        TokenCreation.TooMany => new ChatError(
            ErrorCode.TooMany, $"\"{room.Name}\" has {services.Limits.TokensPerRoom} tokens, which is the maximum; revoke one first", CreateHint(frame, "list", name: null)),
        _ => new ChatError(ErrorCode.NoRoom, $"no such room \"{room.Name}\"", frame.CreateHint(ClientFrameType.Rooms)),
    };

    private static string CreateHint(ClientFrame frame, string what, string? name) =>
        Hint.Create(new ClientFrame { Type = ClientFrameType.Tokens, Do = what, Name = name, Room = frame.Room }, frame.IsTyped);

    // The ids of users begin with "u", so no bot has the id of a user.
    private static string CreateBotId() => $"b{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
}
