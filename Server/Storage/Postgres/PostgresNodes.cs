using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>The other servers that use the same PostgreSQL database.</summary>
internal sealed class PostgresNodes : INodes, IDisposable
{
    // The number of rooms that one query of the sweep reads.
    private const int MaxRows = 2_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    // An announcement may be lost. So at this interval the server reads the presence in all followed rooms, and writes its own presence.
    private static readonly TimeSpan PresenceInterval = TimeSpan.FromSeconds(5);

    // After a failover, the table of the presence is empty, because it has no write-ahead log. Within this time, all servers write their presence
    // again.
    private static readonly TimeSpan PresenceGrace = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly PostgresStorage _storage;
    private readonly ILogger _logger;
    private readonly int _node;
    private readonly NodeInbox _inbox;
    private readonly NodeOutbox _outbox;
    private readonly UsedNames _names;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private readonly ConcurrentDictionary<string, LoggedRoom> _followed = new();
    private readonly ConcurrentDictionary<LoggedRoom, LocalPresence> _presence = new();

    // The rooms whose presence at the other servers must be read.
    private readonly ConcurrentDictionary<LoggedRoom, bool> _changedPresence = new();
    private IReadOnlySet<long> _lastLive = new HashSet<long>();
    private readonly SemaphoreSlim _presenceSignal = new(0, 1);

    // Used by the task of the inbox only.
    private Task _relocking = Task.CompletedTask;
    private volatile bool _readsAllPresence;

    // The timestamp of the last reconnection of the inbox; 0 if there was none.
    private long _reconnectedAt;

    public PostgresNodes(PostgresStorage storage, PostgresDatabase database, int node, ILogger logger)
    {
        (_storage, _node, _logger) = (storage, node, logger);
        _inbox = new NodeInbox(storage, database, node, logger) { OnNotice = Receive, OnNodesChanged = OnNodesChanged, OnReconnected = OnReconnected, OnLockMissing = Relock };
        _outbox = new NodeOutbox(storage, database, node, logger);
        _names = new UsedNames(storage, node, () => _inbox.Live);
        var stopping = _stopping.Token;
        _running = Task.WhenAll(Task.Run(() => _inbox.RunAsync(stopping)), Task.Run(() => _outbox.RunAsync(stopping)), Task.Run(() => SweepAsync(stopping)), Task.Run(() => ReadPresenceAsync(stopping)));
    }

    public event Action<string, long>? EventsAvailable;

    public event Action<string, bool>? RoomLost;

    public event Action<NodeNotice>? NoticeReceived;

    public event Action? NoticesMissed;

    public event Action<string, RemotePresence>? PresenceChanged;

    public event Action? Swept;

    public bool IsEnabled => true;

    public bool IsLeader => _inbox.IsLeader;

    public void Dispose()
    {
        _stopping.Cancel();
        if (_running.Wait(StopTimeout))
            _stopping.Dispose();
    }

    public void AnnounceEvents(string room, long seq) => _outbox.Announce(room, seq);

    public void Announce(NodeNotice notice) => _outbox.Announce(notice);

    public async ValueTask FollowAsync(string room, CancellationToken cancellationToken)
    {
        if (await _storage.Rooms.RefreshAsync(room, cancellationToken) is not { } log)
            return;
        _followed[RoomCache.GetKey(room)] = log;
        _changedPresence[log] = true;
        SignalPresence();
    }

    public void Unfollow(string room)
    {
        if (!_followed.TryRemove(RoomCache.GetKey(room), out var log))
            return;
        _changedPresence.TryRemove(log, out _);
        if (_presence.TryRemove(log, out _))
            _outbox.SetPresence(log, new LocalPresence(0, new Dictionary<string, string>()));
    }

    public async ValueTask<NewEvents> ReadNewAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
    {
        if (!_followed.TryGetValue(RoomCache.GetKey(room), out var log))
            throw new StorageException($"there is no room \"{room}\"");
        var found = await _storage.ReadAsync($"room \"{room}\"", reader => ReadNew(reader, log, after, max, maxBytes), cancellationToken);
        if (found.Events.Count > 0)
            log.AdvanceTo(found.Events[^1].Seq);
        return found;
    }

    public void SetPresence(string room, LocalPresence presence)
    {
        if (!_followed.TryGetValue(RoomCache.GetKey(room), out var log))
            return;
        _presence[log] = presence;
        _outbox.SetPresence(log, presence);
    }

    public async ValueTask<bool> TryClaimNameAsync(UsedName name, CancellationToken cancellationToken)
    {
        await _inbox.WaitForNodesAsync(cancellationToken);
        return await _names.TryClaimAsync(name, cancellationToken);
    }

    // If the release fails, the next renewal of the names removes the claim.
    public void ReleaseNames(string user, string? current) => _ = TryAsync(() => _names.ReleaseAsync(user, current).AsTask(), CancellationToken.None);

    public ValueTask<UsedName?> FindBearerAsync(string skeleton, CancellationToken cancellationToken) => _names.FindAsync(skeleton, cancellationToken);

    public ValueTask RenewNamesAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken) => _names.RenewAsync(names, cancellationToken);

    public ValueTask<IReadOnlyList<string>> FindEndedSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken) =>
        _storage.ReadAsync<IReadOnlyList<string>>(
            "the sessions",
            reader => reader.Connection.Query<string>(
                "SELECT h FROM unnest(@hashes) h WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.token_hash = h)", new { hashes = tokenHashes.ToArray() }).AsList(),
            cancellationToken);

    public async ValueTask RenewSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken)
    {
        foreach (var hashes in tokenHashes.Chunk(MaxRows))
        {
            // Use a reader to find the sessions that need a write, because most sessions need none.
            var away = await _storage.ReadAsync(
                "the sessions",
                reader => reader.Connection.Query<string>("SELECT token_hash FROM sessions WHERE token_hash = ANY(@hashes) AND away_since IS NOT NULL", new { hashes }).ToArray(),
                cancellationToken);
            if (away.Length > 0)
                await _storage.WriteAsync(writer => writer.Connection.Execute("UPDATE sessions SET away_since = NULL WHERE token_hash = ANY(@away)", new { away }), cancellationToken);
        }
    }

    public async ValueTask<bool> HasOthersAsync(CancellationToken cancellationToken)
    {
        await _inbox.WaitForNodesAsync(cancellationToken);
        return _inbox.Live.Count > 0;
    }

    public ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken) => _names.FindConnectedAsync(users, cancellationToken);

    public async ValueTask<bool> HasMembersElsewhereAsync(string room, CancellationToken cancellationToken)
    {
        await _inbox.WaitForNodesAsync(cancellationToken);
        return await _storage.ReadAsync(
            "the presence",
            reader => reader.Connection.ExecuteScalar<bool>(
                "SELECT EXISTS (SELECT 1 FROM presence p JOIN rooms r ON r.id = p.room WHERE r.name_key = @key AND p.node = ANY(@live))",
                new { key = RoomCache.GetKey(room), live = _inbox.Live.ToArray() }),
            cancellationToken);
    }

    private static NewEvents ReadNew(StorageReader reader, LoggedRoom log, long after, int max, int maxBytes)
    {
        var last = reader.Connection.ExecuteScalar<long?>($"SELECT {EventBatch.LastSeq} FROM rooms WHERE id = @Id", new { log.Id }) ?? 0;
        var events = reader.ReadAfter(log.Id, Math.Max(after, log.FirstSeq - 1), max, maxBytes);
        var changed = new Dictionary<long, RoomEvent>();
        foreach (var of in events.Where(found => MessageChanges.ChangesMessage(found.Content.Kind)).Select(found => found.Content.Of!.Value).Distinct())
        {
            if (reader.ReadAfter(log.Id, of - 1, 1, int.MaxValue) is [{ } message] && message.Seq == of)
                changed[of] = message;
        }

        var moderation = events.Any(found => found.Content.Moderation is not null) ? ModerationTables.Read(reader.Connection, RoomCache.GetKey(log.Name)) : null;
        return new NewEvents(events, changed, moderation, last, log.FirstSeq);
    }

    private void Receive(NodeNotice notice)
    {
        switch (notice)
        {
            case EventsNotice events:
                EventsAvailable?.Invoke(events.Room, events.Seq);
                break;
            case PresenceNotice presence when _followed.TryGetValue(RoomCache.GetKey(presence.Room), out var log):
                _changedPresence[log] = true;
                SignalPresence();
                break;
            case PresenceNotice:
                break;
            default:
                NoticeReceived?.Invoke(notice);
                break;
        }
    }

    private void OnReconnected()
    {
        Interlocked.Exchange(ref _reconnectedAt, _storage.Time.GetTimestamp());
        AnnouncePresence();
        NoticesMissed?.Invoke();
    }

    private void AnnouncePresence()
    {
        foreach (var (room, presence) in _presence)
            _outbox.SetPresence(room, presence);
    }

    private void OnNodesChanged()
    {
        _readsAllPresence = true;
        SignalPresence();
    }

    // The writer connects again only when it writes. Until then, the other servers would treat a server without messages as dead.
    private void Relock()
    {
        if (_relocking.IsCompleted)
            _relocking = TryAsync(() => _storage.ProbeWriteAsync().AsTask(), CancellationToken.None);
    }

    private void SignalPresence()
    {
        try
        {
            if (_presenceSignal.CurrentCount == 0)
                _presenceSignal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread has just signalled.
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(SweepInterval, _storage.Time);
        var presenceAt = _storage.Time.GetTimestamp();
        while (await TryWaitAsync(timer, stopping))
        {
            await TryAsync(() => FindMissedEventsAsync(stopping), stopping);
            if (IsLeader)
                await TryAsync(MarkSessionsOfDeadNodesAsync, stopping);
            if (_storage.Time.GetElapsedTime(presenceAt) >= PresenceInterval)
            {
                presenceAt = _storage.Time.GetTimestamp();
                AnnouncePresence();
                OnNodesChanged();
                if (IsLeader)
                    await TryAsync(RemoveDeadNodesAsync, stopping);
            }

            Swept?.Invoke();
        }
    }

    private static async Task<bool> TryWaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task FindMissedEventsAsync(CancellationToken stopping)
    {
        foreach (var rooms in _followed.Values.Chunk(MaxRows))
        {
            var states = (await _storage.ReadAsync(
                "the rooms",
                reader => reader.Connection.Query<(long Id, string Epoch, long FirstSeq, long LastSeq)>(
                    $"SELECT id, epoch, first_seq, {EventBatch.LastSeq} FROM rooms WHERE id = ANY(@ids) AND NOT {SqlRoomCatalog.IsRemoved}",
                    new { ids = rooms.Select(room => room.Id).ToArray() }).AsList(),
                stopping)).ToDictionary(state => state.Id);
            foreach (var room in rooms)
            {
                if (!states.TryGetValue(room.Id, out var state))
                    RoomLost?.Invoke(room.Name, true);
                else if (state.Epoch != room.Epoch || state.LastSeq < room.LastSeq && await IsBehindAsync(room, stopping))
                    RoomLost?.Invoke(room.Name, false);
                else
                {
                    room.TrimTo(state.FirstSeq);
                    EventsAvailable?.Invoke(room.Name, state.LastSeq);
                }
            }
        }
    }

    // Whether the database has lost events of a room. The query of the sweep may be older than a commit that this server already knows. A smaller
    // seq in its result proves nothing, so this method reads the seq again.
    private async Task<bool> IsBehindAsync(LoggedRoom room, CancellationToken stopping)
    {
        var known = room.LastSeq;
        return await _storage.ReadAsync(
            "the rooms", reader => reader.Connection.ExecuteScalar<long?>($"SELECT {EventBatch.LastSeq} FROM rooms WHERE id = @Id", new { room.Id }), stopping) < known;
    }

    // The database does not know to which servers a session is connected. So when a server has died, this method marks all sessions as away. The other
    // servers then mark their sessions as connected again.
    private async Task MarkSessionsOfDeadNodesAsync()
    {
        var live = _inbox.Live;
        if (_lastLive.All(live.Contains))
        {
            _lastLive = live;
            return;
        }

        await _storage.WriteAsync(
            writer => writer.Connection.Execute("UPDATE sessions SET away_since = @Now WHERE is_guest IN (0, 1) AND away_since IS NULL", new { Now = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds() }),
            CancellationToken.None);
        _lastLive = live;
    }

    private async Task RemoveDeadNodesAsync()
    {
        var live = _inbox.Live.Append(_node).ToArray();
        await _storage.WriteAsync(
            writer => writer.Connection.Execute(
                // This server may not have seen yet that another server has started. So read the locks again.
                $"""
                DELETE FROM presence WHERE node <> ALL(@live) AND node NOT IN ({PostgresDatabase.LiveNodes});
                DELETE FROM used_names WHERE node <> ALL(@live) AND node NOT IN ({PostgresDatabase.LiveNodes})
                """,
                new { live }),
            CancellationToken.None);
    }

    private async Task ReadPresenceAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _presenceSignal.WaitAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // Skip this read: the sweep reads the presence in all rooms later.
            if (!_inbox.IsListening || (Interlocked.Read(ref _reconnectedAt) is not 0 and var at && _storage.Time.GetElapsedTime(at) < PresenceGrace))
                continue;
            await TryAsync(() => ReadChangedPresenceAsync(stopping), stopping);
        }
    }

    private async Task ReadChangedPresenceAsync(CancellationToken stopping)
    {
        var readsAll = _readsAllPresence;
        _readsAllPresence = false;
        var changed = readsAll ? _followed.Values : _changedPresence.Keys;
        foreach (var rooms in changed.ToArray().Chunk(MaxRows))
        {
            foreach (var room in rooms)
                _changedPresence.TryRemove(room, out _);
            var found = await _storage.ReadAsync("the presence", reader => PresenceTable.Read(reader, _inbox.Live, [.. rooms.Select(room => room.Id)]), stopping);
            foreach (var room in rooms)
                PresenceChanged?.Invoke(room.Name, found.GetValueOrDefault(room.Id) ?? new RemotePresence(new Dictionary<string, string>(), 0));
        }
    }

    // If the work fails, the next interval repeats it. A release of names is not repeated, but the next release for the same user also removes the
    // old claims.
    private async Task TryAsync(Func<Task> work, CancellationToken stopping)
    {
        try
        {
            await work();
        }
        catch (StorageException)
        {
            // The storage has logged the reason.
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
#pragma warning disable CA1031 // an exception must not end the sweep
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.TaskFailed(_logger, fault);
        }
    }
}
