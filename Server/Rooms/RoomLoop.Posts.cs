using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <content>
/// The broadcast itself: what is posted is gathered, stored, acknowledged and delivered. The loop does not wait for the
/// disk: while one batch is being stored, the next gathers, and the one before it is delivered.
/// </content>
public sealed partial class RoomLoop
{
    // Beyond it latency grows and the cost of each no longer falls; so many posts waiting for those that are being stored
    // make the loop wait too.
    private const int BatchPosts = 1024;

    // Stored and sent in one piece; then who wanted to leave after it may.
    private sealed class Batch
    {
        public List<Post> Posts { get; } = [];

        public List<Leave> Leaving { get; } = [];

        public Task<IReadOnlyList<Appended>>? Storing { get; set; }
    }

    private void Gather(Post post)
    {
        if (_room.Find(post.Connection) is null)
            Refuse(post, new ChatError(ErrorCode.NotInRoom, $"you are not in \"{Name}\"", Try(post, ClientFrameType.Join)));
        else if (post.Event.Reply is 0 || post.Event.Reply > _seq + (_underway?.Posts.Count ?? 0) + _gathered.Posts.Count)
            Refuse(post, new ChatError(ErrorCode.NotFound, $"there is no message {post.Event.Reply} in \"{Name}\" to reply to", Try(post, ClientFrameType.History)));
        else
            _gathered.Posts.Add(post);
    }

    // One who leaves, or whose stream ends, still gets the answers to what they said before, and their own copies of it.
    private void LeaveAfterWhatWasPosted(Leave leave)
    {
        if ((_gathered.Posts.Count > 0 ? _gathered : _underway) is { } batch)
            batch.Leaving.Add(leave);
        else
            leave.Complete(LetOut(leave.Connection));
    }

    /// <summary>Has the log take what has gathered, and delivers what it has stored. Never waits.</summary>
    private void StoreAndDeliver()
    {
        while (_underway is null ? BeginStoring() : _underway.Storing!.IsCompleted)
        {
            if (_underway is not { Storing: { IsCompleted: true } storing } done)
                return;
            // The next batch is stored while this one is delivered.
            _underway = null;
            BeginStoring();
            try
            {
                if (storing.IsCompletedSuccessfully)
                    AnswerAndDeliver(done.Posts, storing.Result);
                else
                    RefuseAll(done.Posts, storing.Exception!.InnerException!);
            }
            finally
            {
                foreach (var leave in done.Leaving)
                    leave.Complete(LetOut(leave.Connection));
            }
        }
    }

    private bool BeginStoring()
    {
        if (_gathered.Posts.Count == 0)
            return false;
        _underway = _gathered;
        _gathered = new Batch();
        _underway.Storing = StoreAsync(_underway.Posts);
        if (!_underway.Storing.IsCompleted)
            _underway.Storing.GetAwaiter().OnCompleted(Wake);
        return true;
    }

    // Never throws by itself: whatever the log meets is in the task.
    private async Task<IReadOnlyList<Appended>> StoreAsync(List<Post> posts) =>
        await _log.AppendAsync(Name, posts.ConvertAll(post => post.Event), CancellationToken.None);

    private void RefuseAll(List<Post> posts, Exception fault)
    {
        // The storage tells the operator once that it cannot store; anything else is told here.
        if (fault is not StorageException)
            Log.NotStored(_logger, fault, Name, posts.Count);
        foreach (var post in posts)
            Refuse(post, new ChatError(ErrorCode.Unavailable, "the message could not be stored; send it again in a moment", RetryAfterMs: 1000));
    }

    private void AnswerAndDeliver(List<Post> posts, IReadOnlyList<Appended> stored)
    {
        var fresh = new List<EventFrame>(stored.Count);
        var acks = new AckRun();
        for (var i = 0; i < stored.Count; i++)
        {
            var (post, result) = (posts[i], stored[i]);
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

            acks.Add(post.Answers, new AckFrame(post.Frame.Id, result.Room, result.Seq, result.At, result.IsDuplicate).Outbound());
        }

        acks.Send();
        if (fresh.Count == 0)
            return;
        // Only now can the past be read up to here: by it too, nobody sees an event of their own before its ack.
        _tail.Add(fresh);
        _fanout.Deliver(fresh);
    }

    private static void Refuse(Post post, ChatError error) => post.Answers.Send(new ErrorFrame(post.Frame.Id, error).Outbound());

    private string Try(Post post, ClientFrameType type) => Hint.Of(new ClientFrame { Type = type, Room = Name }, post.Frame.Typed);
}
