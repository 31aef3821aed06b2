using System.Runtime.InteropServices;
using System.Threading.Channels;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// A room's broadcast loop. Only this loop changes the room's state and appends to the room's log.
/// <code>
///   a client's bytes
///        │  transport                Transports/*: bytes to messages
///        │  IConnectionHandler       Connections: the interface
///        │  ChatSession              messages to commands
///        ▼
///   [ the room's channel, bounded ]  a full channel makes its senders wait
///        │  RoomLoop                 handles the commands, in order
///        │  BatchWriter, IRoomLog    stores the posts while the loop continues
///        ├─► ack to each sender
///        │  Fanout                   encodes each event once; a busy room sends several events together
///        ▼
///   every live subscriber's Outbox ──► transport ──► bytes
///   (a new subscriber that still lacks events gets them from CatchUp, and then goes live here)
/// </code>
/// </summary>
public sealed class RoomLoop
{
    // The maximum number and size of the events that a subscriber may still lack when it goes live. The loop itself sends these events, so
    // both limits must be small.
    private const int MaxCatchUpEvents = 1000;
    private const int MaxCatchUpBytes = 64 * 1024;

    // If _postedAt has this many entries, the loop removes the users whose slow-mode interval is over.
    private const int MaxRememberedPosts = 1000;

    private readonly Channel<RoomCommand> _commands;
    private readonly Room _room;
    private readonly RecentTail _tail;
    private readonly PresenceAnnouncer _presence;
    private readonly BatchWriter _writer;
    private readonly Fanout _fanout;
    private readonly UserRoomIndex _userRoomIndex;
    private readonly int _namedMembers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<string, ModerationDetails>? _onModerated;
    private readonly Action<string, long>? _onStored;

    // The events of other servers. Null on a single server.
    private readonly RoomFollower? _follower;
    private readonly INodes _nodes;

    // A stored batch that waits for earlier events of other servers. Always null on a single server.
    private PostBatch? _parked;

    // The time at which the last message of each user was accepted, as a timestamp. Used only in slow mode. If a message is accepted but not stored,
    // its entry is removed.
    private readonly Dictionary<string, long> _postedAt = [];
    private long _seq;

    // The seq of the newest event whose ack is sent, or is being sent. Any thread may read it.
    private long _acknowledgedSeq;
    private long _usedAt;
    private bool _isClosed;
    private volatile bool _isStopping;
    private volatile RoomSummary _summary;
    private volatile RoomModeration _moderation;

    /// <param name="onModerated">Called on the loop's thread when an action of a moderator is stored, before it is acknowledged.</param>
    /// <param name="onStored">
    /// Called on the loop's thread when events are stored and delivered, with the room's name and the seq of the first event. It must not wait.
    /// </param>
    public RoomLoop(
        Room room, RoomModeration moderation, RoomLogState state, IRoomLog log, HistoryCache cache, TailBudget tails, RoomOptions options, FanoutOptions fanout, UserRoomIndex userRoomIndex, TimeProvider time, ILogger<RoomLoop> logger, Action<string, ModerationDetails>? onModerated = null, Action<string, long>? onStored = null, INodes? nodes = null)
    {
        _room = room;
        _moderation = moderation;
        _onModerated = onModerated;
        _onStored = onStored;
        _nodes = nodes ?? SingleNode.Instance;
        _follower = _nodes.IsEnabled ? new RoomFollower(room.Name, _nodes, time, Wake) : null;
        _time = time;
        _logger = logger;
        _usedAt = time.GetTimestamp();
        _userRoomIndex = userRoomIndex;
        _namedMembers = options.NamedMembers;
        _seq = state.Last;
        _tail = new RecentTail(Math.Min(options.TailBytes, options.AllTailsBytes), state.Last, tails);
        _summary = new RoomSummary(room.Topic, 0);
        _commands = Channel.CreateBounded<RoomCommand>(new BoundedChannelOptions(options.QueuedCommands) { SingleReader = true });
        _presence = new PresenceAnnouncer(room, options.NamedMembers, options.NamedPresencePerSecond, time, Wake);
        _writer = new BatchWriter(room.Name, log, Wake);
        _fanout = new Fanout(room, TimeSpan.FromMilliseconds(fanout.GatherMilliseconds), time, Wake);
        Epoch = state.Epoch;
        History = new RoomHistory(room.Name, log, _tail, cache);
    }

    public string Name => _room.Name;

    public string Epoch { get; }

    public bool IsPrivate => _room.IsPrivate;

    /// <inheritdoc cref="Room.DirectUsers"/>
    public IReadOnlyList<string>? DirectUsers => _room.DirectUsers;

    /// <summary>The roles, mutes, bans and the slow mode. Any thread may read it.</summary>
    public RoomModeration Moderation => _moderation;

    public RoomHistory History { get; }

    public RoomSummary Summary => _summary;

    /// <summary>The time since somebody last used the room. Any thread may read it.</summary>
    public TimeSpan UnusedFor => _time.GetElapsedTime(Volatile.Read(ref _usedAt));

    /// <summary>Records that somebody uses the room now. Thread-safe.</summary>
    public void MarkUsed() => Volatile.Write(ref _usedAt, _time.GetTimestamp());

    /// <summary>
    /// Adds a connection to the room. The connection gets no events before <see cref="GoLiveAsync"/>. Returns null if the room was unloaded
    /// or removed in the meantime. The caller then looks for it again in <see cref="RoomDirectory"/>.
    /// </summary>
    /// <exception cref="StorageException">The server is stopping.</exception>
    /// <param name="listener">Notified when the room removes the connection; null for none.</param>
    public async Task<JoinResult?> JoinAsync(Connection connection, RoomVisitor visitor, IRoomListener? listener = null)
    {
        var joined = await SendAsync(new JoinCommand(connection, visitor, listener));
        return joined is null && _isStopping ? throw new StorageException("the server is stopping") : joined;
    }

    /// <summary>Whether a connection is in the room when the loop has handled all earlier commands.</summary>
    public Task<bool> ContainsAsync(Connection connection) => SendAsync(new ContainsCommand(connection));

    /// <summary>
    /// Waits until the history contains each event whose ack was sent before this call. The loop sends an ack before it adds the event to the
    /// history. So without this wait, a client that reads the history immediately after the ack could miss its own event. The ack may also have come
    /// from another server. Thread-safe.
    /// </summary>
    public ValueTask WaitForAcknowledgedAsync() => _follower is not null ? RefreshAsync()
        : Volatile.Read(ref _acknowledgedSeq) <= History.LastSeq ? ValueTask.CompletedTask : new ValueTask(SendAsync(new BarrierCommand()));

    /// <summary>
    /// With several servers, waits until this room has delivered each event that any server had stored before this call. So a client that has moved from
    /// another server gets all events that it has seen there. Thread-safe.
    /// </summary>
    /// <exception cref="StorageException">The events cannot be read.</exception>
    public ValueTask RefreshAsync() => _follower is null ? ValueTask.CompletedTask : new ValueTask(SendAsync(new RefreshCommand()));

    /// <summary>
    /// Tells the loop that another server may have stored events up to a seq. If the room's channel is full, this call has no effect. The events are
    /// then read after the next call.
    /// </summary>
    public void MarkAvailable(long seq)
    {
        if (seq > History.LastSeq)
            _commands.Writer.TryWrite(new EventsAvailableCommand(seq));
    }

    /// <summary>Sets who is in the room at the other servers.</summary>
    public ValueTask SetRemotePresenceAsync(RemotePresence presence) => WriteAsync(new RemotePresenceCommand(presence));

    /// <summary>Announces to the members that a user of another server is writing, or has stopped.</summary>
    public ValueTask AnnounceRemoteTypingAsync(Person person, bool off) => WriteAsync(new RemoteTypingCommand(person, off));

    /// <summary>Removes a connection from the room. Returns false if the connection was not in the room.</summary>
    public Task<bool> LeaveAsync(Connection connection) => SendAsync(new LeaveCommand(connection));

    /// <summary>
    /// Makes a connection live: sends the events after <paramref name="cursor"/> to the connection, and later each new event. Returns
    /// false, and does nothing, if there are too many events after the cursor. Returns null if the connection is not in the room.
    /// </summary>
    public Task<bool?> GoLiveAsync(Connection connection, long cursor) => SendAsync(new GoLiveCommand(connection, cursor));

    /// <summary>Changes the user of a connection. Returns false if the connection is not in the room.</summary>
    public Task<bool> ChangeUserAsync(Connection connection, Person person) => SendAsync(new ChangeUserCommand(connection, person));

    /// <param name="max">The maximum length of <see cref="MemberList.People"/>.</param>
    /// <param name="withAway">Whether to list the owners and moderators who are away, too.</param>
    public Task<MemberList> ListMembersAsync(int max, bool withAway = false) => SendAsync(new ListMembersCommand(max, withAway));

    public ValueTask RenameAsync(Person person, string previousName) => WriteAsync(new RenameCommand(person, previousName));

    /// <summary>Sends a frame to the other connections of a user in the room.</summary>
    /// <param name="except">The connection that does not get the frame; null if all connections of the user get it.</param>
    public ValueTask SendToOthersAsync(Connection? except, string user, EncodedFrame frame) => WriteAsync(new SendToOthersCommand(except, user, frame));

    /// <summary>Announces to the other members that the connection's user is writing, or has stopped.</summary>
    public ValueTask AnnounceTypingAsync(Connection connection, bool off) => WriteAsync(new TypingCommand(connection, off));

    /// <summary>
    /// Posts an event. Completes when the post is in the room's channel. The answer goes to <paramref name="answers"/> when the event is
    /// stored or rejected.
    /// </summary>
    /// <param name="isOperator">Whether the author is an owner of every room.</param>
    /// <param name="errorUnlessDuplicate">The answer if <see cref="NewEvent.OnlyIfDuplicate"/> is set, and the event is not a duplicate.</param>
    public ValueTask PostAsync(Connection connection, IFrameSink answers, ClientFrame frame, NewEvent posted, bool isOperator = false, ChatError? errorUnlessDuplicate = null) =>
        WriteAsync(new PostCommand(connection, answers, frame, posted, isOperator) { ErrorUnlessDuplicate = errorUnlessDuplicate });

    /// <summary>
    /// Posts a message of a program. Roles, mutes, bans and the slow mode do not apply to it. The answer is sent to <paramref name="answers"/> as in
    /// the other overload.
    /// </summary>
    public ValueTask PostAsync(IFrameSink answers, ClientFrame frame, NewEvent posted) =>
        WriteAsync(new PostCommand(Connection: null, answers, frame, posted, IsOperator: false));

    /// <summary>
    /// Unloads the room if it has no connections and no waiting work, and was unused for a time. The loop of an unloaded or removed room
    /// handles no commands: a join returns null, posts are rejected, and other commands have no effect.
    /// </summary>
    /// <param name="onClosing">Called on the loop's thread, directly before the loop stops accepting commands.</param>
    /// <returns>Whether the room is unloaded.</returns>
    public Task<bool> TryUnloadAsync(TimeSpan unusedFor, Action<RoomLoop> onClosing) => SendAsync(new UnloadCommand(unusedFor, onClosing));

    /// <summary>
    /// Stops the loop of a room that is being removed, even if the room has connections. Later commands have the same results as after
    /// <see cref="TryUnloadAsync"/>. Completes when the earlier posts are stored and delivered.
    /// </summary>
    /// <param name="onClosing">Called on the loop's thread, directly before the loop stops accepting commands.</param>
    /// <returns>False if the room was already unloaded or removed.</returns>
    public Task<bool> RemoveAsync(Action<RoomLoop> onClosing) => SendAsync(new RemoveCommand(onClosing));

    /// <summary>Sends the last frame of a removed room to everybody who was in it. Call this after <see cref="RemoveAsync"/>.</summary>
    public void AnnounceRemoved(EncodedFrame frame)
    {
        foreach (var subscriber in _room.Subscribers)
        {
            _userRoomIndex.Remove(subscriber.Member.Person.User, this);
            subscriber.Connection.Send(frame);
            subscriber.Listener?.OnRemoved(this, isKicked: false);
        }
    }

    /// <summary>Closes all connections that are in a closed room. Call this after <see cref="RemoveAsync"/>.</summary>
    public void CloseConnections(Disconnect reason)
    {
        foreach (var subscriber in _room.Subscribers)
        {
            _userRoomIndex.Remove(subscriber.Member.Person.User, this);
            subscriber.Connection.Close(reason);
        }
    }

    /// <summary>Runs until <see cref="Stop"/>, or until the room is unloaded or removed.</summary>
    public async Task RunAsync()
    {
        while (await _commands.Reader.WaitToReadAsync())
        {
            while (_commands.Reader.TryRead(out var command))
            {
                Handle(command);

                // If the next batch is full and the log still stores the previous batch, the loop waits. Then the channel can become full,
                // and the senders wait too.
                if (_writer is { IsFull: true, IsStoring: true })
                {
                    await _writer.WaitForStoreAsync();
                    await DeliverParkedAsync(untilFailure: false);
                }
            }
        }

        while (_writer.IsStoring || _parked is not null)
        {
            await _writer.WaitForStoreAsync();
            StoreAndDeliver();
            await DeliverParkedAsync(untilFailure: true);
        }

        _follower?.Close();

        _fanout.Flush();
    }

    /// <summary>Accepts no more commands. The loop ends when it has handled the commands in the channel.</summary>
    public void Stop()
    {
        _isStopping = true;
        _commands.Writer.TryComplete();
    }

    // Waits until the loop has read the events of other servers that come before the parked batch, and delivers these events and the batch. If this
    // read fails while the server stops or the room is closed, the senders of the batch get an error, although the batch is stored. When they send
    // the messages again, they get the acks. The members do not get the events of the batch, because they lack the earlier events.
    private async Task DeliverParkedAsync(bool untilFailure)
    {
        if (_follower is null)
            return;
        StoreAndDeliver();
        while (_parked is not null)
        {
            await _follower.WaitForReadAsync();
            StoreAndDeliver();
            if (!untilFailure || !_follower.HasFailed || _parked is not { } batch)
                continue;
            _parked = null;
            RejectAll(batch.Posts, new StorageException("the events of other servers cannot be read"));
            foreach (var command in batch.Waiting)
                HandleAfterBatch(command);
        }
    }

    // If the channel is full, the wake command is dropped. This is harmless: the loop has other commands to handle, and does the same work
    // after each command.
    private void Wake() => _commands.Writer.TryWrite(WakeCommand.Instance);

    private void Handle(RoomCommand command)
    {
        try
        {
            if (_isClosed)
            {
                command.OnRoomClosed();
                return;
            }

            if (command is not (WakeCommand or UnloadCommand or EventsAvailableCommand or RemotePresenceCommand))
                MarkUsed();
            Dispatch(command);

            // If the next command is a post too, do not store yet: posts that follow each other directly are stored in one batch.
            if (command is not PostCommand || _writer.IsFull || !(_commands.Reader.TryPeek(out var next) && next is PostCommand))
                StoreAndDeliver();
            _fanout.FlushIfDue();
            _presence.AnnounceCountIfDue();
        }
#pragma warning disable CA1031 // a failed command must not end the room
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.CommandFailed(_logger, fault, command.GetType().Name, Name);
            command.Fail(fault);
        }
    }

    private void Dispatch(RoomCommand command)
    {
        if (RequiresFlush(command))
            _fanout.Flush();
        switch (command)
        {
            case PostCommand post:
                Post(post);
                break;
            case JoinCommand join:
                Join(join);
                break;
            case ContainsCommand contains:
                contains.Complete(_room.Find(contains.Connection) is not null);
                break;
            case BarrierCommand barrier:
                barrier.Complete(true);
                break;
            case GoLiveCommand goLive:
                goLive.Complete(TryGoLive(goLive.Connection, goLive.Cursor));
                break;
            case LeaveCommand leave:
                LeaveAfterPendingPosts(leave);
                break;
            case ChangeUserCommand change:
                change.Complete(ChangeUser(change.Connection, change.Person));
                break;
            case RenameCommand rename:
                Rename(rename);
                break;
            case SendToOthersCommand send:
                SendToOthers(send);
                break;
            case TypingCommand typing:
                if (_room.Find(typing.Connection) is { } writer && !_moderation.IsMuted(writer.Member.Person.User, _time.GetUtcNow(), out _))
                {
                    if (_presence.AnnounceTyping(writer, typing.Off))
                        _nodes.Announce(new TypingNotice(Name, writer.Member.Person.User, writer.Member.Person.Name, typing.Off));
                }

                break;
            case ListMembersCommand list:
                list.Complete(ListMembers(list.Max) with { Away = list.WithAway ? ListAway() : [] });
                break;
            case RemoveCommand remove:
                Remove(remove);
                break;
            case RefreshCommand refresh:
                _follower!.Add(refresh);
                break;
            case EventsAvailableCommand available:
                _follower?.MarkAvailable(available.Seq);
                break;
            case RemotePresenceCommand remote:
                SetRemotePresence(remote.Presence);
                break;
            case RemoteTypingCommand typing:
                _presence.AnnounceTyping(typing.Person, typing.Off);
                break;
            case UnloadCommand unload:
                unload.Complete(TryUnload(unload));
                break;
        }
    }

    // The gathered events are older than the command. If the command sends frames to the members or makes a connection live, the events
    // must be sent first. A large room announces joins and leaves only as a count, so joins and leaves need no flush there. If each join
    // flushed, a room with many joins could hardly gather events.
    private bool RequiresFlush(RoomCommand command) => command switch
    {
        // A LeaveCommand causes no flush here, because it may have to wait for pending posts. Leave() flushes later.
        PostCommand or WakeCommand or SendToOthersCommand or TypingCommand or ListMembersCommand or ContainsCommand or BarrierCommand or LeaveCommand or UnloadCommand or RefreshCommand or EventsAvailableCommand or RemoteTypingCommand => false,
        JoinCommand or RemotePresenceCommand => _presence.AnnouncesNames,
        _ => true,
    };

    private void Join(JoinCommand join)
    {
        if (FindBan(join.Visitor) is { } ban)
        {
            join.Complete(new JoinResult(_seq, "", RoomModeration.Empty, new MemberList([], 0, []), ban));
            return;
        }

        _room.Join(join.Connection, join.Visitor.Person, join.Listener, out var isNew);
        UpdateSummary();
        if (isNew)
            AnnounceJoined(join.Visitor.Person, join.Connection);

        join.Complete(new JoinResult(_seq, _room.Topic, _moderation, ListMembers(_namedMembers)));
    }

    /// <summary>
    /// Finds the ban that keeps a visitor out of the room; null if there is none. A ban of an address does not apply to owners and moderators.
    /// Thread-safe.
    /// </summary>
    public RoomBan? FindBan(RoomVisitor visitor)
    {
        var (moderation, user, now) = (_moderation, visitor.Person.User, _time.GetUtcNow());
        if (visitor.IsOperator || moderation.Bans.IsEmpty)
            return null;
        return moderation.FindBan(user, now)
            ?? (visitor.IsKnown || moderation.GetRole(user) != RoomRole.Member ? null : moderation.FindBanOfAddress(visitor.Address, now));
    }

    private void SendToOthers(SendToOthersCommand send)
    {
        // A user with one connection has no other connection that needs the frame, so do not look through all subscribers.
        if (_room.FindMember(send.User) is not { } member || (send.Except is not null && member.ConnectionCount == 1))
            return;
        foreach (var subscriber in _room.Subscribers)
        {
            if (subscriber.Member == member && subscriber.Connection != send.Except)
                subscriber.Connection.Send(send.Frame);
        }
    }

    // Call this after the event of the kick or the ban was sent to the members.
    private void RemoveUser(string user)
    {
        foreach (var subscriber in _room.Subscribers.Where(subscriber => subscriber.Member.Person.User == user).ToArray())
        {
            Leave(subscriber.Connection);
            subscriber.Listener?.OnRemoved(this, isKicked: true);
        }
    }

    private bool Leave(Connection connection)
    {
        // A connection that is still open gets the events that were posted before the connection leaves.
        if (_presence.AnnouncesNames || connection.IsOpen)
            _fanout.Flush();
        if (_room.Leave(connection, out var isLast) is not { } person)
            return false;
        UpdateSummary();
        if (isLast)
            AnnounceLeft(person);
        return true;
    }

    // A client that leaves or shuts down its sending side still gets the answers to its posts, and the posted events themselves.
    private void LeaveAfterPendingPosts(LeaveCommand leave)
    {
        if ((_writer.LastPending ?? _parked) is { } batch)
            batch.Waiting.Add(leave);
        else
            leave.Complete(Leave(leave.Connection));
    }

    private bool ChangeUser(Connection connection, Person person)
    {
        if (_room.Find(connection) is not { } subscriber)
            return false;
        _room.ChangeUser(subscriber, person, out var gone, out var isNew);
        UpdateSummary();
        if (gone is not null)
            AnnounceLeft(gone);
        if (isNew)
            AnnounceJoined(person, connection);

        return true;
    }

    private void AnnounceJoined(Person person, Connection joining)
    {
        _userRoomIndex.Add(person.User, this);
        ShowPresence();
        // The members already see a user who is in the room at another server.
        if (!_room.IsRemote(person.User))
            _presence.Announce(new PresenceFrame(Name, person.User, person.Name, "joined", Role: GetSpecialRole(person)), except: joining);
    }

    private void AnnounceLeft(Person person)
    {
        _userRoomIndex.Remove(person.User, this);
        ShowPresence();
        if (!_room.IsRemote(person.User))
            _presence.Announce(new PresenceFrame(Name, person.User, person.Name, "left"));
    }

    private void Rename(RenameCommand rename)
    {
        if (_room.FindMember(rename.Person.User) is not { } member)
            return;
        member.Person = rename.Person;
        ShowPresence();
        _presence.Announce(new PresenceFrame(Name, rename.Person.User, rename.Person.Name, "renamed", rename.PreviousName));
    }

    // The loop appends no event while this method runs. So the events that are sent here end exactly where the live events begin,
    // and the connection gets each event exactly once.
    private bool? TryGoLive(Connection connection, long cursor)
    {
        if (_room.Find(connection) is not { } subscriber)
            return null;
        if (cursor < _seq)
        {
            var missing = _tail.GetAfter(cursor, MaxCatchUpEvents, MaxCatchUpBytes);
            if (missing is null || missing.Count == 0 || missing[^1].Seq != _seq)
                return false;
            connection.Send(missing.EncodeBatch());
        }

        _room.GoLive(subscriber);
        return true;
    }

    // Commands that are already in the channel count as use, so that no sender has to try again. A sender that comes later finds no open room
    // in the directory, because onClosing has removed it there before the channel is completed.
    private bool TryUnload(UnloadCommand unload)
    {
        if (_room.LocalCount > 0 || _writer.PendingPosts > 0 || _parked is not null || _commands.Reader.Count > 0 || UnusedFor < unload.UnusedFor)
            return false;
        Close(unload.OnClosing);
        return true;
    }

    // The room takes no more posts, so that only the posts before this command can delay the removal. These posts are still stored, and their
    // senders get the answers.
    private void Remove(RemoveCommand remove)
    {
        Close(remove.OnClosing);
        if ((_writer.LastPending ?? _parked) is { } batch)
            batch.Waiting.Add(remove);
        else
            remove.Complete(true);
    }

    private void Close(Action<RoomLoop> onClosing)
    {
        _isClosed = true;
        onClosing(this);
        _commands.Writer.TryComplete();
        _tail.Release();
    }

    private void Post(PostCommand post)
    {
        // The check of a moderator's action depends on the earlier actions, which take effect when they are stored. So the action waits for the
        // earlier actions, but not for messages: a flooded room always has waiting messages, so the action would never be handled.
        if (post.Event.Moderation is not null && (_writer.LastModerating ?? (_parked is { HasModeration: true } ? _parked : null)) is { } batch)
            batch.Waiting.Add(post);
        else if (CheckPost(post) is { } error)
            post.Reject(error);
        else if (CheckSilence(post) is not { } silence)
            _writer.Add(post);
        else if (post.Event is { ClientId: not null, Kind: RoomEventKind.Message })
            // A client that has not received the ack may send a stored message again. Only the log knows whether the message is stored.
            _writer.Add(post with { Event = post.Event with { OnlyIfDuplicate = true }, ErrorUnlessDuplicate = silence });
        else
            post.Reject(silence);
    }

    private ChatError? CheckPost(PostCommand post)
    {
        var (content, moderation) = (post.Event, _moderation);
        if (post.Connection is { } connection && _room.Find(connection) is null)
            return new ChatError(ErrorCode.NotInRoom, $"you are not in \"{Name}\"", post.Frame.CreateHint(ClientFrameType.Join, Name));
        if (content.Moderation is { } action)
            return post.IsOperator ? null : ModerationRules.Check(moderation, content.Author, action, Name);
        if (content.Reply is 0 || content.Reply > _seq + _writer.PendingPosts)
            return new ChatError(ErrorCode.NotFound, $"there is no message {content.Reply} in \"{Name}\" to reply to", post.Connection is null ? null : post.Frame.CreateHint(ClientFrameType.History, Name));
        return null;
    }

    // Returns an error if a mute or the slow mode does not allow the author to post now. Mutes and the slow mode do not apply to programs.
    private ChatError? CheckSilence(PostCommand post)
    {
        var (content, moderation, now) = (post.Event, _moderation, _time.GetUtcNow());
        if (content.OnlyIfDuplicate)
            return null;
        if (post.IsOperator || post.Connection is null || content.Moderation is not null)
            return null;
        if (moderation.IsMuted(content.Author, now, out var until))
            return RequestErrors.CreateMuted(Name, until, now);
        return content.Kind == RoomEventKind.Message && moderation.SlowSeconds > 0 && moderation.GetRole(content.Author) == RoomRole.Member
            ? CheckSlowMode(post, TimeSpan.FromSeconds(moderation.SlowSeconds))
            : null;
    }

    private ChatError? CheckSlowMode(PostCommand post, TimeSpan interval)
    {
        var user = post.Event.Author;
        if (_postedAt.TryGetValue(user, out var last) && interval - _time.GetElapsedTime(last) is { Ticks: > 0 } left)
            return RequestErrors.CreateSlowMode(Name, interval, left);
        if (_postedAt.Count >= MaxRememberedPosts)
        {
            foreach (var old in _postedAt.Where(entry => _time.GetElapsedTime(entry.Value) >= interval).Select(entry => entry.Key).ToArray())
                _postedAt.Remove(old);
        }

        _postedAt[user] = _time.GetTimestamp();
        post.StartsInterval = true;
        return null;
    }

    // Lets the user post again immediately, because the post was not stored.
    private void ForgetInterval(PostCommand post)
    {
        if (post.StartsInterval)
            _postedAt.Remove(post.Event.Author);
    }

    /// <summary>Starts to store the collected posts, and delivers the posts that are stored. Never waits.</summary>
    private void StoreAndDeliver()
    {
        if (_follower is not null)
        {
            StoreAndDeliverInOrder(_follower);
            return;
        }

        while (_writer.TakeStored() is { } batch)
            EndBatch(batch);
    }

    // Delivers the events of all servers in the order of their seqs. A page may have events of this server, from a batch whose result the loop does
    // not have yet. A sender must get the ack before its own event. So the loop delivers a page only when it knows which events of the page are its own:
    // - The loop has the result of a batch: the events before the batch are those of other servers.
    // - The log stores no batch: all events are those of other servers.
    private void StoreAndDeliverInOrder(RoomFollower follower)
    {
        while (true)
        {
            follower.CompleteRead();
            follower.CompleteCommands(_seq);
            _parked ??= _writer.TakeStored();
            if (_parked is { } batch)
            {
                var first = GetFirstSeq(batch);
                if (first > _seq + 1 && follower.Take(_seq, first.Value - 1) is { } earlier)
                    DeliverRemote(earlier);
                if (first > _seq + 1 && follower.FirstSeq > _seq + 1)
                    SkipTrimmed(Math.Min(first.Value, follower.FirstSeq) - 1);
                if (first > _seq + 1)
                {
                    follower.MarkAvailable(first.Value - 1);
                    // The page may have been read before these events were stored.
                    if (!follower.ReadIfDue(_seq))
                        return;
                    continue;
                }

                _parked = null;
                EndBatch(batch);
            }
            else if (!_writer.IsStoring && follower.Take(_seq, long.MaxValue) is { } page)
            {
                DeliverRemote(page);
            }
            else
            {
                if (!follower.ReadIfDue(_seq))
                    return;
            }
        }
    }

    // The seq of the first event of a stored batch; null if the batch has no event.
    private static long? GetFirstSeq(PostBatch batch)
    {
        if (!batch.Storing.IsCompletedSuccessfully)
            return null;
        foreach (var result in batch.Storing.Result)
        {
            if (result.Event is { } added)
                return added.Seq;
        }

        return null;
    }

    private void EndBatch(PostBatch batch)
    {
        try
        {
            if (batch.Storing.IsCompletedSuccessfully)
                AnswerAndDeliver(batch.Posts, batch.Storing.Result);
            else
                RejectAll(batch.Posts, batch.Storing.Exception!.InnerException!);
        }
        finally
        {
            foreach (var command in batch.Waiting)
                HandleAfterBatch(command);
        }
    }

    // Delivers events that other servers have stored, and applies their changes.
    private void DeliverRemote(NewEvents page)
    {
        if (page.Events[0].Seq > _seq + 1)
            SkipTrimmed(page.Events[0].Seq - 1);
        var events = new List<EventFrame>(page.Events.Count);
        List<string>? removed = null;
        if (page.Moderation is { } moderation)
            _moderation = moderation;
        foreach (var found in page.Events)
        {
            _seq = found.Seq;
            events.Add(EventFrames.Create(Name, found));
            if (found.Content.Kind == RoomEventKind.Topic)
            {
                _room.Topic = found.Content.Text;
                UpdateSummary();
            }

            if (found.Content.Kind == RoomEventKind.Message && _moderation.SlowSeconds > 0)
                _postedAt[found.Content.Author] = _time.GetTimestamp();
            if (found.Content.Moderation is { } done)
            {
                if (RoomModeration.RemovesUser(done))
                    (removed ??= []).Add(done.User!);
                if (_moderation.SlowSeconds == 0)
                    _postedAt.Clear();
                _onModerated?.Invoke(Name, done);
            }
        }

        _tail.Add(events);
        foreach (var found in page.Events)
        {
            // The loop does not know whether the message was edited before, so it replaces the text of earlier edits too.
            if (found.Content.Of is { } of && page.Changed.TryGetValue(of, out var changed))
                History.Replace(changed, HasNewText(found), wasEdited: true);
        }

        _fanout.Deliver(events);
        foreach (var user in removed ?? [])
        {
            _fanout.Flush();
            RemoveUser(user);
        }
    }

    // Retention has removed events that this server has not delivered.
    private void SkipTrimmed(long lastSeq)
    {
        _fanout.Flush();
        Broadcast.Send(_room.Live, new GapFrame(Name, _seq + 1, lastSeq).Encode());
        _seq = lastSeq;
        _tail.SkipTo(lastSeq);
    }

    private void HandleAfterBatch(RoomCommand command)
    {
        if (command is LeaveCommand leave)
        {
            leave.Complete(Leave(leave.Connection));
        }
        else if (command is RemoveCommand remove)
        {
            _fanout.Flush();
            remove.Complete(true);
        }
        else if (_isClosed)
        {
            command.OnRoomClosed();
        }
        else
        {
            Dispatch(command);
        }
    }

    private void AnswerAndDeliver(List<PostCommand> posts, IReadOnlyList<AppendResult> results)
    {
        var events = new List<EventFrame>(results.Count);
        var acks = new AckBatch();
        List<(IFrameSink Program, ServerFrame Answer)>? programAnswers = null;
        List<AppendResult>? changes = null;
        List<string>? removed = null;
        for (var i = 0; i < results.Count; i++)
        {
            var (post, result) = (posts[i], results[i]);
            if (result.Event is { } added)
            {
                _seq = added.Seq;
                events.Add(EventFrames.Create(Name, added));
                if (added.Content.Kind == RoomEventKind.Topic)
                {
                    _room.Topic = added.Content.Text;
                    UpdateSummary();
                }

                if (result.Changed is { } changed)
                {
                    (changes ??= []).Add(result);
                    History.Replace(changed, HasNewText(added), result.WasEdited);
                }

                if (added.Content.Moderation is { } done)
                    ApplyModeration(done, added.At, ref removed);
            }
            else
            {
                ForgetInterval(post);
            }

            ServerFrame answer = result.Rejection == AppendRejection.None
                ? new AckFrame(post.Frame.Id, result.Room, result.Seq, result.At, result.IsDuplicate)
                : new ErrorFrame(post.Frame.Id, result.Rejection == AppendRejection.NotDuplicate ? post.ErrorUnlessDuplicate! : RequestErrors.CreateRejected(result.Rejection, Name, result.Seq));
            if (post.Connection is null)
                (programAnswers ??= []).Add((post.Answers, answer));
            else
                acks.Add(post.Answers, answer.Encode());
        }

        Volatile.Write(ref _acknowledgedSeq, _seq);
        acks.Send();
        AnswerPrograms(programAnswers);
        if (events.Count == 0)
            return;

        // The events become readable as history only now, after the acks. So no client reads its own event before the ack of this event.
        _tail.Add(events);
        foreach (var change in changes ?? [])
        {
            // The changed message, or an earlier edit of it, may be among the events that were just added with their old text. So replace
            // it again.
            if (change.WasEdited || change.Changed!.Seq >= events[0].Seq)
                History.Replace(change.Changed!, HasNewText(change.Event!), change.WasEdited);
        }

        _fanout.Deliver(events);
        _onStored?.Invoke(Name, events[0].Seq);
        foreach (var user in removed ?? [])
        {
            _fanout.Flush();
            RemoveUser(user);
        }
    }

    private static bool HasNewText(RoomEvent change) => change.Content.Kind != RoomEventKind.Reacted;

    // A program needs the values of its answer for the HTTP status, so the answer is not encoded here.
    private static void AnswerPrograms(List<(IFrameSink Program, ServerFrame Answer)>? answers)
    {
        if (answers is null)
            return;
        foreach (var (program, answer) in answers)
            program.Send(answer);
    }

    private void ApplyModeration(ModerationDetails done, DateTimeOffset at, ref List<string>? removed)
    {
        _moderation = _moderation.Apply(done, at);
        if (RoomModeration.RemovesUser(done))
            (removed ??= []).Add(done.User!);
        if (_moderation.SlowSeconds == 0)
            _postedAt.Clear();
        _onModerated?.Invoke(Name, done);
    }

    private void RejectAll(List<PostCommand> posts, Exception fault)
    {
        // The storage logs its own errors.
        if (fault is not StorageException)
            Log.NotStored(_logger, fault, Name, posts.Count);
        foreach (var post in posts)
        {
            ForgetInterval(post);
            post.Reject(RequestErrors.CreateNotStored());
        }
    }

    // Call this before the command is answered. Then a client that lists the rooms after the answer sees the effect of its own command.
    private void UpdateSummary() => _summary = new RoomSummary(_room.Topic, _room.MemberCount);

    // Call this after a change of the members who are at this server.
    private void ShowPresence()
    {
        if (_follower is not null && !_isClosed)
            _nodes.SetPresence(Name, new LocalPresence(_room.LocalCount, _room.LocalCount > _namedMembers ? new Dictionary<string, string>() : _room.ListLocal().ToDictionary(person => person.User, person => person.Name)));
    }

    private void SetRemotePresence(RemotePresence presence)
    {
        var (gone, came, renamed) = _room.SetRemote(presence);
        UpdateSummary();
        foreach (var person in gone)
            _presence.Announce(new PresenceFrame(Name, person.User, person.Name, "left"));
        foreach (var person in came)
            _presence.Announce(new PresenceFrame(Name, person.User, person.Name, "joined", Role: GetSpecialRole(person)));
        foreach (var (person, was) in renamed)
            _presence.Announce(new PresenceFrame(Name, person.User, person.Name, "renamed", was));
        _presence.ScheduleCountIfLarge();
    }

    private MemberList ListMembers(int max)
    {
        var people = _room.ListPeople(max);
        if (!_moderation.Roles.IsEmpty)
        {
            foreach (ref var person in CollectionsMarshal.AsSpan(people))
            {
                if (GetSpecialRole(person) is { } role)
                    person = person with { Role = role };
            }
        }

        return new MemberList(people, _room.MemberCount, []);
    }

    // If another server has sent only the number of its users, this server does not know who is away.
    private KeyValuePair<string, string>[] ListAway()
    {
        if (_room.HasUnlisted)
            return [];
        var now = _time.GetUtcNow();
        return
        [
            .. _moderation.Roles
                .Where(user => user.Value != RoomRole.Member && _room.FindMember(user.Key) is null && !_room.IsRemote(user.Key) && _moderation.FindBan(user.Key, now) is null)
                .OrderByDescending(user => RoomRole.GetRank(user.Value))
                .ThenBy(user => user.Key, StringComparer.Ordinal)
                .Take(MemberList.MaxAway),
        ];
    }

    private string? GetSpecialRole(Person person) => _moderation.Roles.GetValueOrDefault(person.User) is { } role && role != RoomRole.Member ? role : null;

    private async Task<T> SendAsync<T>(RoomCommand<T> command)
    {
        await WriteAsync(command);
        return await command.Completion;
    }

    private async ValueTask WriteAsync(RoomCommand command)
    {
        try
        {
            await _commands.Writer.WriteAsync(command);
        }
        catch (ChannelClosedException)
        {
            command.OnRoomClosed();
        }
    }
}
