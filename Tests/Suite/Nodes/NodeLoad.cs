using Npgsql;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Runs clients that send messages to one room through all servers of a cluster, and checks what the clients observe.</summary>
/// <param name="moveAfter">The number of frames after which a client moves to another server; 0 if it moves only when a connection ends.</param>
/// <param name="transports">The transports that the clients use in turn. A null entry is WebSocket. If the list is null, all clients use WebSocket.</param>
/// <param name="staysOnErrors">Whether a client stays at its server when a message could not be stored.</param>
/// <param name="pauseMs">The pause of a client after each ack, in milliseconds.</param>
/// <param name="ports">The ports to which the clients connect; by default those of the servers.</param>
internal sealed class NodeLoad(
    NodeCluster cluster, string room, int clients, int moveAfter = 0, HttpTransport?[]? transports = null, bool staysOnErrors = false, int pauseMs = 0,
    IReadOnlyList<int>? ports = null)
{
    /// <summary>The transports of a load with clients over WebSocket, server-sent events and long-polling.</summary>
    public static readonly HttpTransport?[] AllTransports = [null, HttpTransport.Events, HttpTransport.LongPoll];

    private readonly List<int> _ports = [.. ports ?? cluster.Ports];
    private List<Task> _running = [];
    private volatile bool _isDraining;
    private long _lastSeq = long.MaxValue;

    /// <summary>The clients.</summary>
    public IReadOnlyList<NodeClient> Clients { get; private set; } = [];

    /// <summary>Runs the clients, and returns the violations.</summary>
    /// <param name="during">Disturbs the servers while the clients run.</param>
    public async Task<IReadOnlyList<string>> RunAsync(Func<NodeLoad, Task> during)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "history");
        IReadOnlyDictionary<long, string> log;
        using (var history = new ChatHistory(path))
        {
            // Each server gets clients of all transports.
            Clients =
            [
                .. Enumerable.Range(0, clients).Select(i => new NodeClient($"client{i}", room, history, moveAfter, transports?[i / _ports.Count % transports.Length], staysOnErrors, pauseMs)),
            ];
            _running = [.. Clients.Select(client => Task.Run(() => client.RunAsync(GetPorts, () => _isDraining, () => Interlocked.Read(ref _lastSeq))))];
            try
            {
                await during(this);
            }
            catch
            {
                // The clients must not disturb the next tests.
                foreach (var client in Clients)
                    client.Stop();
                for (var server = 0; server < cluster.Ports.Count; server++)
                    await TestContext.Out.WriteLineAsync($"server {server}:\n{cluster.GetOutput(server)}");
                throw;
            }

            _isDraining = true;
            try
            {
                await TestWait.UntilAsync(
                    async () =>
                    {
                        // The clients stop when they have all events that the log has now. Read the log again each time, because the server may still
                        // store an unacknowledged message.
                        Interlocked.Exchange(ref _lastSeq, await ReadLastSeqAsync());
                        foreach (var client in Clients)
                            client.StopIfDone(_lastSeq);
                        return _running.TrueForAll(task => task.IsCompleted);
                    },
                    "the clients to receive everything");
            }
            catch (AssertionException fault)
            {
                throw new AssertionException($"{fault.Message}, up to {_lastSeq}: {string.Join("; ", Clients.Select(client => client.State))}");
            }

            await Task.WhenAll(_running);
            log = await ReadLogAsync();
        }

        return HistoryChecker.Check(ChatHistory.Read(path), new Dictionary<string, IReadOnlyDictionary<long, string>> { [room] = log });
    }

    /// <summary>Waits until the clients together have received this number of further acks.</summary>
    public Task WaitForAcksAsync(int count)
    {
        var end = Clients.Sum(client => client.AcknowledgedCount) + count;
        return WaitAsync(() => Clients.Sum(client => client.AcknowledgedCount) >= end, () => $"{count} acks");
    }

    /// <summary>Waits until each client has received this number of further acks. <paramref name="which"/> can select some of the clients.</summary>
    public Task WaitForEachAsync(int count, Func<NodeClient, bool>? which = null)
    {
        var ends = Clients.Where(which ?? (_ => true)).Select(client => (Client: client, End: client.AcknowledgedCount + count)).ToList();
        return WaitAsync(
            () => ends.TrueForAll(one => one.Client.AcknowledgedCount >= one.End),
            () => $"{count} acks for each client; missing: {string.Join("; ", ends.Where(one => one.Client.AcknowledgedCount < one.End).Select(one => one.Client.State))}");
    }

    private Task WaitAsync(Func<bool> condition, Func<string> what) => TestWait.UntilAsync(
        () => _running.Find(task => task.IsFaulted) is { Exception: { } fault } ? throw new AssertionException($"a client has failed: {fault}") : condition(), what);

    /// <summary>Kills a server. The clients no longer use it.</summary>
    public async Task KillAsync(int server)
    {
        await cluster.KillAsync(server);
        lock (_ports)
            _ports.Remove(cluster.Ports[server]);
    }

    private List<int> GetPorts()
    {
        lock (_ports)
            return [.. _ports];
    }

    private async Task<long> ReadLastSeqAsync()
    {
        await using var connection = new NpgsqlConnection(cluster.Database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT COALESCE(MAX(e.seq), 0) FROM events e JOIN rooms r ON r.id = e.room WHERE r.name = $1", connection) { Parameters = { new() { Value = room } } };
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<IReadOnlyDictionary<long, string>> ReadLogAsync()
    {
        var log = new Dictionary<long, string>();
        await using var reader = await ChatClient.ConnectAsync(GetPorts()[0], "/ws?name=reader");
        await reader.RequestAsync<JoinedFrame>(Join(room));
        while (true)
        {
            var page = (await reader.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Room = room, After = log.Count, Limit = 200, Id = FrameId.From($"h{log.Count}") })).Messages.DecodeMessages();
            if (page.Length == 0)
                return log;
            foreach (var message in page)
                log.Add(message.Seq, message.Text);
        }
    }
}
