using System.Threading.Channels;
using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// Announces to the other servers what this server has stored. It does not use the writer's connection, because a transaction with a pending NOTIFY takes
/// a lock of the whole PostgreSQL server while it commits. While this class sends one announcement, it collects the next notices. Before it sends a
/// notice about the presence in a room, it writes this presence to the database.
/// </summary>
internal sealed class NodeOutbox(SqlStorage storage, PostgresDatabase database, int node, ILogger logger)
{
    // The maximum number of waiting notices. It is reached only if the database cannot be reached. Further notices are dropped.
    private const int MaxNotices = 10_000;

    // When many users join together, the members of a room change many times a second. The other servers get only the state at the end of each interval.
    private static readonly TimeSpan PresenceInterval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _events = [];
    private readonly Queue<NodeNotice> _notices = new();
    private readonly Dictionary<LoggedRoom, LocalPresence> _presence = [];
    // The notices that the last attempt did not send. Used by the task of this class only.
    private List<NodeNotice> _unsent = [];
    private readonly Dictionary<LoggedRoom, LocalPresence> _unsentPresence = [];
    private bool _isPresenceDue;
    private bool _isPresenceScheduled;

    public void Announce(string room, long seq)
    {
        lock (_gate)
            _events[room] = Math.Max(seq, _events.GetValueOrDefault(room));
        _wake.Writer.TryWrite(true);
    }

    public void Announce(NodeNotice notice)
    {
        lock (_gate)
        {
            if (_notices.Count >= MaxNotices)
                return;
            _notices.Enqueue(notice);
        }

        _wake.Writer.TryWrite(true);
    }

    public void SetPresence(LoggedRoom room, LocalPresence presence)
    {
        lock (_gate)
        {
            _presence[room] = presence;
            if (_isPresenceScheduled)
                return;
            _isPresenceScheduled = true;
        }

        _ = WakeLaterAsync();
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        NpgsqlConnection? connection = null;
        try
        {
            while (await _wake.Reader.ReadAsync(stopping))
            {
                try
                {
                    connection ??= await Task.Run(database.OpenForNodes, CancellationToken.None);
                    await SendAsync(connection);
                }
                catch (Exception fault) when (fault is NpgsqlException or StorageException or TimeoutException or IOException or InvalidOperationException)
                {
                    // The next attempt sends the notices again. It does no harm if the other servers receive a notice twice.
                    Log.NotAnnounced(logger, fault);
                    connection?.Dispose();
                    connection = null;
                    await Task.Delay(RetryDelay, storage.Time, stopping);
                    _wake.Writer.TryWrite(true);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops.
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private async Task SendAsync(NpgsqlConnection connection)
    {
        List<NodeNotice> notices;
        lock (_gate)
        {
            notices = [.. _unsent.TakeLast(MaxNotices), .. _events.Select(room => new EventsNotice(room.Key, room.Value)), .. _notices];
            _unsent = notices;
            _events.Clear();
            _notices.Clear();
            if (_isPresenceDue)
            {
                foreach (var (room, presence) in _presence)
                    _unsentPresence[room] = presence;
                _presence.Clear();
                _isPresenceDue = false;
            }
        }

        if (_unsentPresence.Count > 0)
        {
            await PresenceTable.WriteAsync(connection, node, _unsentPresence);
            notices.AddRange(_unsentPresence.Keys.Select(room => new PresenceNotice(room.Name)));
            _unsentPresence.Clear();
        }

        if (notices.Count > 0)
            await connection.ExecuteAsync($"SELECT pg_notify('{NodeInbox.Channel}', p) FROM unnest(@payloads) p", new { payloads = NodeMessage.Write(node, notices).ToArray() });
        _unsent = [];
    }

    private async Task WakeLaterAsync()
    {
        await Task.Delay(PresenceInterval, storage.Time);
        lock (_gate)
            (_isPresenceDue, _isPresenceScheduled) = (true, false);
        _wake.Writer.TryWrite(true);
    }
}
