using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>The broadcast itself: what is posted is gathered, stored, acknowledged and delivered.</content>
public sealed partial class RoomLoop
{
    // What is stored and sent in one piece; beyond it, latency grows and the cost of each no longer falls.
    private const int BatchPosts = 512;

    // Posts that stand next to one another are stored and sent together; any other command keeps its place between them.
    private void Gather(Post first)
    {
        _batch.Clear();
        Consider(first);
        while (_batch.Count < BatchPosts && _commands.Reader.TryPeek(out var next) && next is Post)
        {
            _commands.Reader.TryRead(out next);
            Consider((Post)next!);
        }
    }

    private void Consider(Post post)
    {
        if (_room.Find(post.Connection) is null)
            Refuse(post, new ChatError(ErrorCode.NotInRoom, $"you are not in \"{Name}\"", Try(post, ClientFrameType.Join)));
        else if (post.Event.Reply is 0 || post.Event.Reply > _seq + _batch.Count)
            Refuse(post, new ChatError(ErrorCode.NotFound, $"there is no message {post.Event.Reply} in \"{Name}\" to reply to", Try(post, ClientFrameType.History)));
        else
            _batch.Add(post);
    }

    private async ValueTask StoreAndDeliverAsync()
    {
        if (_batch.Count == 0)
            return;

        IReadOnlyList<Appended> stored;
        try
        {
            stored = await _log.AppendAsync(Name, [.. _batch.Select(post => post.Event)], CancellationToken.None);
        }
#pragma warning disable CA1031 // whatever a log throws, its contract says that nothing was stored, and that must be told
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.NotStored(_logger, fault, Name, _batch.Count);
            foreach (var post in _batch)
                Refuse(post, new ChatError(ErrorCode.Unavailable, "the message could not be stored; send it again in a moment", RetryAfterMs: 1000));
            return;
        }

        var fresh = new List<EventFrame>(stored.Count);
        for (var i = 0; i < stored.Count; i++)
        {
            var (post, result) = (_batch[i], stored[i]);
            if (result.Event is { } added)
            {
                _seq = added.Seq;
                fresh.Add(Frames.Of(Name, added));
                if (added.Content.Kind == RoomEventKind.Topic)
                {
                    _room.Topic = added.Content.Text;
                    Summarize();
                }
            }

            post.Answers.Send(new AckFrame(post.Frame.Id, result.Room, result.Seq, result.At, result.IsDuplicate).Outbound());
        }

        if (fresh.Count == 0)
            return;
        // Only now can the past be read up to here: by it too, nobody sees an event of their own before its ack.
        _tail.Add(fresh);
        Deliver(fresh.Batch());
    }

    private void Deliver(OutboundBatch batch)
    {
        foreach (var subscriber in _room.Live)
            subscriber.Connection.Send(batch);
    }

    private static void Refuse(Post post, ChatError error) => post.Answers.Send(new ErrorFrame(post.Frame.Id, error).Outbound());

    private string Try(Post post, ClientFrameType type) => Hint.Of(new ClientFrame { Type = type, Room = Name }, post.Frame.Typed);
}
