using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rooms of this server, by name. A room is opened when somebody uses it, and unloaded when nobody has used it for a while. So neither the start
/// time nor the memory of the server depends on the number of rooms. The default room always exists and is open. Thread-safe.
/// </summary>
public sealed class RoomDirectory(
    IRoomCatalog catalog, IRoomLog log, HistoryCache cache, TailBudget tails, IOptions<RoomOptions> options, IOptions<FanoutOptions> fanout, UserRoomIndex userRoomIndex, Memberships memberships, TimeProvider time, ILogger<RoomLoop> logger, INodes nodes) : IHostedService
{
    // The maximum number of rooms that one query reads.
    private const int MaxRows = 1024;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, RoomLoop> _open = new(StringComparer.OrdinalIgnoreCase);

    // The rooms that are being opened or removed. There is one task at a time for each room, and all callers wait for it. So no caller can open
    // a room with a state that is already out of date.
    private readonly Dictionary<string, Task<RoomLoop?>> _busy = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<RoomLoop, Task> _loops = [];
    private int _count;
    private bool _isStopping;

    /// <summary>
    /// Raised when a room has stored events, with the room's name and the seq of the first new event. Called on the room's loop, so a handler must
    /// not wait.
    /// </summary>
    public event Action<string, long>? EventsStored;

    /// <summary>The number of rooms that exist or are being created, open or not.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The rooms that are open. Every room that a connection has joined is among them.</summary>
    public IEnumerable<RoomLoop> Open => _open.Values;

    /// <summary>Finds a room if it is open.</summary>
    public RoomLoop? FindOpen(string name) => _open.GetValueOrDefault(RoomName.Normalize(name));

    /// <summary>
    /// Finds a room. Opens it if it is not open. Returns null if there is no room of that name. If the room is unloaded or removed before the
    /// caller uses it, <see cref="RoomLoop.JoinAsync"/> returns null, and the caller calls this method again.
    /// </summary>
    /// <exception cref="StorageException">The room cannot be read, or the server is stopping.</exception>
    public ValueTask<RoomLoop?> FindAsync(string name)
    {
        if (FindOpen(name) is not { } open)
            return FindStoredAsync();
        open.MarkUsed();
        return new(open);

        // Use the stored name: the database may find a room by a spelling that this dictionary treats as another name.
        async ValueTask<RoomLoop?> FindStoredAsync() =>
            await catalog.FindRoomAsync(RoomName.Normalize(name), CancellationToken.None) is { } stored ? await OpenAsync(stored.Name) : null;
    }

    /// <summary>
    /// Creates a room, unless this would exceed a limit. Concurrent calls on one server never exceed a limit together. But several servers can
    /// together exceed <paramref name="maxRooms"/>.
    /// </summary>
    /// <param name="name">The name, as <see cref="RoomName.Accept"/> has returned it.</param>
    /// <param name="topic">The topic; may be empty.</param>
    /// <param name="owner">The id of the user who creates the room; null for the default room.</param>
    /// <param name="isPrivate">Whether only invited users may enter.</param>
    /// <param name="maxRooms">The maximum number of rooms on this server.</param>
    /// <param name="maxRoomsOfOwner">The maximum number of rooms that the owner may have created.</param>
    /// <param name="directUsers">The ids of the two users of a direct room; null for other rooms.</param>
    /// <returns>The room, or the reason why it was not created.</returns>
    /// <exception cref="StorageException">The room cannot be stored.</exception>
    public async Task<(RoomLoop? Room, RoomCreation Result)> TryCreateAsync(
        string name, string topic, string? owner, bool isPrivate, int maxRooms = int.MaxValue, int maxRoomsOfOwner = int.MaxValue, IReadOnlyList<string>? directUsers = null)
    {
        if (FindOpen(name) is not null)
            return (null, RoomCreation.NameTaken);

        // Count the room before it is created, so that concurrent calls cannot exceed the limit together. If this creation then fails,
        // another creation may have been rejected needlessly in the meantime.
        if (Interlocked.Increment(ref _count) > maxRooms)
        {
            Interlocked.Decrement(ref _count);
            return (null, RoomCreation.TooManyRooms);
        }

        var result = RoomCreation.TooManyRooms;
        try
        {
            result = await catalog.CreateRoomAsync(new StoredRoom(name, topic, owner, isPrivate) { Skeletons = RoomName.CreateSkeletons(name), DirectUsers = directUsers }, maxRoomsOfOwner, CancellationToken.None);
        }
        finally
        {
            if (result != RoomCreation.Created)
                Interlocked.Decrement(ref _count);
        }

        return result == RoomCreation.Created ? (await OpenAsync(name), result) : (null, result);
    }

    /// <summary>Counts the rooms, begins to handle the events of other servers, and creates the default room if it does not exist.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _count = await catalog.CountRoomsAsync(cancellationToken);
        nodes.EventsAvailable += OnEventsAvailable;
        nodes.PresenceChanged += OnPresenceChanged;
        nodes.RoomLost += OnRoomLost;
        if (await FindAsync(RoomName.Default) is null)
            await TryCreateAsync(RoomName.Default, "Say hello", owner: null, isPrivate: false);
    }

    /// <summary>Stops all open rooms, and waits until they have stored their last events.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        nodes.EventsAvailable -= OnEventsAvailable;
        nodes.PresenceChanged -= OnPresenceChanged;
        nodes.RoomLost -= OnRoomLost;
        List<Task> loops;
        lock (_gate)
        {
            _isStopping = true;
            loops = [.. _loops.Values];
        }

        foreach (var room in Open)
            room.Stop();
        await Task.WhenAll(loops).WaitAsync(cancellationToken);
    }

    /// <summary>With several servers, counts the rooms again, because other servers create and remove rooms too.</summary>
    /// <exception cref="StorageException">The rooms cannot be counted.</exception>
    public async Task CountAsync(CancellationToken cancellationToken)
    {
        if (nodes.IsEnabled)
            Volatile.Write(ref _count, await catalog.CountRoomsAsync(cancellationToken));
    }

    /// <summary>
    /// Unloads the rooms that have no connections and no waiting work, and that nobody has used for <paramref name="unusedFor"/>. This frees nearly
    /// all of their memory. The rooms keep their logs, and are opened again when somebody uses them.
    /// </summary>
    public async Task UnloadUnusedAsync(TimeSpan unusedFor, CancellationToken cancellationToken = default)
    {
        foreach (var room in Open)
        {
            if (room.Name != RoomName.Default && (nodes.IsEnabled || room.Summary.MemberCount == 0) && room.UnusedFor >= unusedFor)
                await room.TryUnloadAsync(unusedFor, OnClosing).WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Removes the rooms that were created before a given time, never had an event, have neither a token nor a webhook, and are not open.
    /// </summary>
    /// <exception cref="StorageException">The rooms cannot be read or removed.</exception>
    public Task RemoveEmptyAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken) => RemoveListedAsync(
        last => catalog.ListEmptyRoomsAsync(createdBefore, last, MaxRows, cancellationToken),
        name => catalog.RemoveEmptyRoomAsync(name, createdBefore, CancellationToken.None));

    /// <summary>
    /// Removes the rooms without an owner that are not open and have had no event since a given time. Removes their logs too. The default room and
    /// direct rooms stay.
    /// </summary>
    /// <exception cref="StorageException">The rooms cannot be read or removed.</exception>
    public Task RemoveAbandonedAsync(DateTimeOffset unusedSince, CancellationToken cancellationToken) => RemoveListedAsync(
        last => catalog.ListAbandonedRoomsAsync(unusedSince, last, MaxRows, cancellationToken),
        name => catalog.RemoveAbandonedRoomAsync(name, unusedSince, CancellationToken.None));

    /// <summary>Removes a room and its log. Everybody in the room gets a frame.</summary>
    /// <returns>False if the room was unloaded or removed in the meantime. Then the caller must look for it again.</returns>
    /// <exception cref="StorageException">The room cannot be removed from the storage. It is unloaded, and is opened again when somebody
    /// uses it.</exception>
    public async Task<bool> RemoveAsync(RoomLoop room, Person by)
    {
        var announcement = CreateEnd(room, by);
        var removing = new TaskCompletionSource<RoomLoop?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            if (!await room.RemoveAsync(closing => OnRemoving(closing, removing.Task)))
                return false;
            room.AnnounceRemoved(announcement);
            if (await catalog.RemoveRoomAsync(room.Name, CancellationToken.None))
                OnRemoved(room.Name);
            nodes.Announce(new RoomRemovedNotice(room.Name, by.User, by.Name));
            return true;
        }
        finally
        {
            lock (_gate)
            {
                if (_busy.TryGetValue(room.Name, out var busy) && busy == removing.Task)
                    _busy.Remove(room.Name);
            }

            removing.SetResult(null);
        }
    }

    /// <summary>Closes a room that another server has removed. Everybody in the room gets a frame.</summary>
    /// <param name="announcement">Null if the log of the room was reset. Then the connections in the room are closed, so that the clients read the new log.</param>
    public async Task CloseLostAsync(RoomLoop room, EncodedFrame? announcement)
    {
        if (!await room.RemoveAsync(OnClosing))
            return;
        if (announcement is null)
            room.CloseConnections(Disconnect.Draining);
        else
        {
            room.AnnounceRemoved(announcement);
            memberships.RemoveRoom(room.Name);
        }

        cache.Remove(room.Name, 0, long.MaxValue);
    }

    // Opens a room; null if there is no room with this name. All callers with the same name wait for one task.
    private async Task<RoomLoop?> OpenAsync(string name)
    {
        while (true)
        {
            bool isOwn;
            Task<RoomLoop?>? opening;
            lock (_gate)
            {
                if (FindOpen(name) is { } open)
                    return open;
                if (_isStopping)
                    throw new StorageException("the server is stopping");
                isOwn = !_busy.TryGetValue(name, out opening);
                if (isOwn)
                    _busy.Add(name, opening = Task.Run(() => ReadAndOpenAsync(name)));
            }

            // If the task of another caller returns null, that task may have removed the room. Look again, because a new room may have this name now.
            if (await opening! is { } opened || isOwn)
                return opening!.Result;
        }
    }

    // Reads the state of a room, and starts the loop of the room; null if there is no room with this name.
    private async Task<RoomLoop?> ReadAndOpenAsync(string name)
    {
        try
        {
            if (await catalog.FindRoomAsync(name, CancellationToken.None) is not { } stored)
                return null;
            await nodes.FollowAsync(stored.Name, CancellationToken.None);
            var state = await log.OpenAsync(stored.Name, CancellationToken.None);
            var moderation = await catalog.GetModerationAsync(stored.Name, CancellationToken.None);
            lock (_gate)
            {
                if (_isStopping)
                    throw new StorageException("the server is stopping");
                var room = new Room(stored.Name, stored.Topic, stored.IsPrivate, stored.DirectUsers);
                var loop = new RoomLoop(room, moderation, state, log, cache, tails, options.Value, fanout.Value, userRoomIndex, time, logger, memberships.RemoveKickedUser, (name, seq) => EventsStored?.Invoke(name, seq), nodes);
                _loops.Add(loop, loop.RunAsync());
                _open[stored.Name] = loop;
                return loop;
            }
        }
        finally
        {
            lock (_gate)
                _busy.Remove(name);
        }
    }

    // Called by the loop of a room that is being unloaded or removed.
    private void OnClosing(RoomLoop room)
    {
        lock (_gate)
        {
            _open.TryRemove(KeyValuePair.Create(room.Name, room));
            _loops.Remove(room);
            // A caller that opens the room again calls FollowAsync after this call.
            nodes.Unfollow(room.Name);
        }
    }

    private void OnEventsAvailable(string room, long seq) => _open.GetValueOrDefault(room)?.MarkAvailable(seq);

    // Nobody has to await the task: it only puts a command into the room's channel, and never fails.
    private void OnPresenceChanged(string room, RemotePresence presence)
    {
        if (_open.GetValueOrDefault(room) is { } open)
            _ = open.SetRemotePresenceAsync(presence).AsTask();
    }

    // This server does not know which user has removed the room, because the notice of the other server was lost.
    private void OnRoomLost(string name, bool isRemoved)
    {
        if (_open.GetValueOrDefault(name) is { } room)
            _ = CloseLostAsync(room, isRemoved ? CreateEnd(room, new Person("", "server")) : null);
        else
            nodes.Unfollow(name);
    }

    /// <summary>The last frame of a removed room. It looks like the next event of the log, but it was not stored.</summary>
    public EncodedFrame CreateEnd(RoomLoop room, Person author) => new ModeratedFrame(room.Name, room.History.LastSeq + 1, time.GetUtcNow(), author, "close").Encode();

    // Until the room is removed, nobody can open it again.
    private void OnRemoving(RoomLoop room, Task<RoomLoop?> removing)
    {
        lock (_gate)
        {
            OnClosing(room);
            _busy.Add(room.Name, removing);
        }
    }

    // Removes the rooms that the function "list" returns, page by page. Its argument is the last name of the previous page.
    private async Task RemoveListedAsync(Func<string, ValueTask<IReadOnlyList<string>>> list, Func<string, ValueTask<bool>> remove)
    {
        for (var last = ""; ;)
        {
            var names = await list(last);
            foreach (var name in names.Where(name => name != RoomName.Default))
                await RemoveIfClosedAsync(name, remove);
            if (names.Count < MaxRows)
                return;
            last = names[^1];
        }
    }

    // Removes a room, unless it is open, or another task opens or removes it.
    private async Task RemoveIfClosedAsync(string name, Func<string, ValueTask<bool>> remove)
    {
        Task removing;
        lock (_gate)
        {
            if (_isStopping || FindOpen(name) is not null || _busy.ContainsKey(name))
                return;
            var task = Task.Run(() => RemoveStoredAsync(name, remove));
            _busy.Add(name, task);
            removing = task;
        }

        await removing;
    }

    // Nobody can open a room of this name before this method returns.
    private void OnRemoved(string name)
    {
        Interlocked.Decrement(ref _count);
        memberships.RemoveRoom(name);
        // Otherwise a new room of the same name would show the texts of the removed log.
        cache.Remove(name, 0, long.MaxValue);
    }

    // Returns null. A caller of OpenAsync that waits for this task then looks for the room again.
    private async Task<RoomLoop?> RemoveStoredAsync(string name, Func<string, ValueTask<bool>> remove)
    {
        try
        {
            if (!await nodes.HasMembersElsewhereAsync(name, CancellationToken.None) && await remove(name))
                OnRemoved(name);
        }
        catch (StorageException fault)
        {
            Log.RoomNotRemoved(logger, fault, name);
        }
        finally
        {
            lock (_gate)
                _busy.Remove(name);
        }

        return null;
    }
}
