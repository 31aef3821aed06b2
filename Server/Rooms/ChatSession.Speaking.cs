using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>What goes into a room's log: <c>say</c>, <c>topic</c>.</content>
public sealed partial class ChatSession
{
    private const int MostTopicLength = 500;

    private async ValueTask SayAsync(ClientFrame frame, IFrameSink answers)
    {
        // Somebody who just types is in the default room: there is nothing that they could have known to do first.
        if (frame.Typed && frame.Room is null && _current is null)
            await JoinAsync(new ClientFrame { Type = ClientFrameType.Join, Room = RoomName.Default, Typed = true }, answers);

        if (Mine(frame, out var error) is not { } room)
            Refuse(answers, frame.Id, error!);
        else if (SayFault(frame) is { } fault)
            Refuse(answers, frame.Id, fault);
        else
        {
            _current = room;
            var posted = new NewEvent(
                RoomEventKind.Message, Me.User, Me.Name, frame.Text!, frame.Reply, frame.Me, frame.Id.IsNone ? null : frame.Id.Key);
            await PostAsync(room, answers, frame, posted);
        }
    }

    private async ValueTask TopicAsync(ClientFrame frame, IFrameSink answers)
    {
        if (Mine(frame, out var error) is not { } room)
            Refuse(answers, frame.Id, error!);
        else if (TopicFault(frame.Text!) is { } fault)
            Refuse(answers, frame.Id, fault);
        else
            await PostAsync(room, answers, frame, new NewEvent(RoomEventKind.Topic, Me.User, Me.Name, frame.Text!));
    }

    private ChatError? SayFault(ClientFrame frame)
    {
        var limits = _services.Limits;
        if (frame.Files is { Count: > 0 })
            return new ChatError(ErrorCode.Unavailable, "this server does not take files yet; send the text alone");
        if (string.IsNullOrWhiteSpace(frame.Text))
            return new ChatError(ErrorCode.BadField, "there is no text in that message", Try(frame, ClientFrameType.Say, text: "hello"));
        if (frame.Text.Length > limits.TextLength)
            return new ChatError(ErrorCode.TooLong, $"a text has at most {limits.TextLength} characters; this one has {frame.Text.Length}");
        return limits.Enabled && !_session!.User.Says.TryTake(out var retryAfterMs) ? TooFast("messages", retryAfterMs) : null;
    }

    private static ChatError? TopicFault(string topic) => topic.Length > MostTopicLength
        ? new ChatError(ErrorCode.TooLong, $"a topic has at most {MostTopicLength} characters; this one has {topic.Length}")
        : null;
}
