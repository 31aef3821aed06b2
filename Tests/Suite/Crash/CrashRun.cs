using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// Starts and kills a server many times while clients chat. The server always uses the same folder and ports. The ledger records every event
/// and ack that the clients received. At the end, the run compares the whole log with the ledger.
/// </summary>
internal sealed class CrashRun : IDisposable
{
    private const int ClientCount = 8;

    // The maximum number of acks before a kill. A kill during a checkpoint waits for the checkpoint, but for at most twice as many acks. In a
    // checkpoint, SQLite copies the write-ahead log to the database.
    private const int MaxAcks = 1500;

    private static readonly string[] Rooms = ["everybody", "half", "two"];

    private readonly TemporaryFolder _folder = new();
    private readonly PostgresServer? _postgres;
    private readonly Ledger _ledger = new();
    private readonly Random _random;
    private readonly CrashClient[] _clients;
    private readonly string[] _settings;
    private readonly Dictionary<KillMoment, int> _kills = [];
    private readonly int _httpPort;
    private readonly int _rawPort;
    private int _halfCommits;
    private int _halfCheckpoints;

    /// <param name="seed">The seed of all random decisions. The scheduling of threads does not depend on it.</param>
    /// <param name="postgres">A PostgreSQL server that the run may kill; null to store the data in a SQLite database.</param>
    public CrashRun(int seed, string durability, PostgresServer? postgres = null)
    {
        _postgres = postgres;
        _random = new Random(seed);
        _clients = [.. Enumerable.Range(0, ClientCount).Select(i => new CrashClient(i, GetRooms(i), _ledger, _random.Next()))];
        (_httpPort, _rawPort) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        _settings =
        [
            "--Data:Path", _folder.Path, "--Data:Durability", durability, "--Limits:Enabled", "false",
            "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", .. postgres is null ? Array.Empty<string>() : ["--Data:Postgres", postgres.GetConnectionString("postgres")],
        ];
    }

    public IReadOnlyCollection<string> Violations => _ledger.Violations;

    public string Summary =>
        $"{_kills.Values.Sum()} kills ({string.Join(", ", _kills.OrderBy(kill => kill.Key).Select(kill => $"{kill.Value} {kill.Key}"))}), "
        + $"{_halfCommits} of them in the middle of a commit and {_halfCheckpoints} in the middle of a checkpoint; "
        + $"{_ledger.Acknowledged} messages acknowledged, {_clients.Sum(client => client.ResentCount)} sent again, "
        + $"{_ledger.Duplicates} of those answered as duplicates";

    public int HalfCommits => _halfCommits;

    public int Duplicates => _ledger.Duplicates;

    public async Task CreateRoomsAsync()
    {
        await using var server = await ServerProcess.StartAsync(_settings);
        await using var host = await ChatClient.ConnectAsync(_httpPort);
        foreach (var room in Rooms)
            await host.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) });
        await server.KillAsync();
    }

    /// <summary>Starts the server, lets the clients reconnect and chat, and kills it.</summary>
    public async Task RunRoundAsync()
    {
        var moments = _postgres is null ? KillMoments.OfSqlite : KillMoments.OfPostgres;
        var moment = moments[_random.Next(moments.Count)];
        _kills[moment] = _kills.GetValueOrDefault(moment) + 1;
        await using (var server = ServerProcess.StartWithoutWaiting(_settings))
        {
            if (moment == KillMoment.Start)
                await KillAtStartAsync(server);
            else
            {
                await server.WaitUntilReadyAsync();
                await ChatUntilKilledAsync(server, moment);
            }

            // A server prints errors if its database was killed. In all other cases, an error is a violation.
            foreach (var line in server.Lines.Where(line => moment != KillMoment.Database && IsErrorLine(line)))
                _ledger.AddViolation($"the server printed: {line}");
        }

        if (moment == KillMoment.Database)
            await _postgres!.StartProcessAsync();
        if (_postgres is not null)
            return;
        var state = CrashState.Read(_folder.Path);
        _halfCommits += state.IsHalfCommitted ? 1 : 0;
        _halfCheckpoints += state.IsHalfCheckpointed ? 1 : 0;
    }

    /// <summary>Starts the server once more, and checks that every client receives everything and that the log equals the ledger.</summary>
    public async Task VerifyAsync()
    {
        await using var server = await ServerProcess.StartAsync(_settings);
        await using var reader = await ChatClient.ConnectAsync(_httpPort, "/ws?name=reader");
        var progress = new ProgressCounter();
        progress.BeginDraining();
        var connections = Task.WhenAll(_clients.Select(client => client.RunConnectionAsync(_httpPort, _rawPort, progress)));
        await TestWait.UntilAsync(
            () => Violations.Count > 0 || _clients.All(client => client.HasAll(GetLastSeq)),
            () => string.Join('\n', _clients.Select(client => client.DescribeMissing(GetLastSeq))));
        foreach (var room in Rooms)
            await CompareHistoryAsync(reader, room);
        await server.KillAsync();
        await connections.OrFail("the end of the clients");
        foreach (var fault in _postgres is null ? CrashState.FindFaults(_folder.Path) : [])
            _ledger.AddViolation($"the database: {fault}");
    }

    public void Dispose() => _folder.Dispose();

    private async Task ChatUntilKilledAsync(ServerProcess server, KillMoment moment)
    {
        var (progress, killed) = (new ProgressCounter(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        ScheduleKill(moment, progress, server, killed);
        // In some rounds, not all clients connect. When such a client connects again, it recovers the missed events.
        var present = _clients.Where(_ => moment is KillMoment.CatchUp or KillMoment.Rejoining || _random.Next(4) > 0).ToArray();
        var connections = Task.WhenAll((present.Length > 0 ? present : _clients).Select(client => client.RunConnectionAsync(_httpPort, _rawPort, progress)));
        await Task.WhenAny(killed.Task, connections).OrFail(() => $"the moment to kill ({moment}; {progress}){DescribeState(server)}");
        if (moment == KillMoment.Database)
        {
            // A suspended server cannot tell the clients that its database is gone. PostgreSQL continues with a commit that the server sent earlier.
            await Shell.RunAsync($"kill -STOP {server.Id}");
            await _postgres!.KillAsync();
        }

        server.Kill();
        await connections.OrFail("the end of the clients");
    }

    private void ScheduleKill(KillMoment moment, ProgressCounter progress, ServerProcess server, TaskCompletionSource killed)
    {
        // The kill comes immediately after the event that triggers it, or at most a few milliseconds later.
        var (acks, spins) = (_random.Next(1, MaxAcks), Math.Max(0, _random.Next(-100_000, 100_000)));
        switch (moment)
        {
            case KillMoment.Checkpoint:
                RunOnChange(Path.Combine(_folder.Path, "chat.db"), () => killed.Task.IsCompleted || server.HasExited, Kill);
                progress.NotifyAt(ProgressEvent.Acked, 2 * MaxAcks, Kill);
                break;
            case KillMoment.Rejoining:
                progress.NotifyAt(ProgressEvent.Joined, _random.Next(1, _clients.Sum(client => client.RoomCount) + 1), Kill);
                break;
            case KillMoment.CatchUp:
                progress.NotifyAt(ProgressEvent.CaughtUp, acks, Kill);
                progress.NotifyAt(ProgressEvent.Acked, acks, Kill);
                break;
            default:
                progress.NotifyAt(ProgressEvent.Acked, acks, Kill);
                break;
        }

        void Kill()
        {
            Thread.SpinWait(spins);
            if (moment != KillMoment.Database)
                server.Kill();
            killed.TrySetResult();
        }
    }

    private async Task KillAtStartAsync(ServerProcess server)
    {
        var (spins, killed) = (_random.Next(2_000_000), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // When SQLite opens a database after a kill, it first rebuilds this file, the index of the write-ahead log.
        RunOnChange(Path.Combine(_folder.Path, "chat.db-shm"), () => server.HasExited, () =>
        {
            Thread.SpinWait(spins);
            server.Kill();
            killed.TrySetResult();
        });
        await killed.Task.OrFail($"the start to reach the database:\n{string.Join('\n', server.Lines)}");
    }

    // Polls the file, because a notification of the file system would arrive some milliseconds too late.
    private static void RunOnChange(string file, Func<bool> isOver, Action written)
    {
        var before = GetFileState(file);
        new Thread(() =>
        {
            while (GetFileState(file) == before)
            {
                if (isOver())
                    return;
                Thread.Yield();
            }

            written();
        })
        { IsBackground = true }.Start();
    }

    private static (DateTime, long) GetFileState(string file) => new FileInfo(file) is { Exists: true } found ? (found.LastWriteTimeUtc, found.Length) : default;

    private async Task CompareHistoryAsync(ChatClient reader, string room)
    {
        var joined = await reader.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join(room, after: 0, limit: 1));
        _ledger.RecordEpoch(room, joined.Epoch);
        var (recorded, read) = (_ledger.GetEvents(room), new List<Ledger.Event>());
        while (true)
        {
            var page = await reader.RequestAsync<HistoryFrame>(new ClientFrame
            {
                Type = ClientFrameType.History,
                Room = room,
                After = read.Count,
                Limit = 200,
                Id = FrameId.From($"{room}-{read.Count}"),
            });
            read.AddRange(page.Messages.DecodeMessages().Select(message => new Ledger.Event(message.Seq, message.Text, message.At, message.From.User)));
            if (page.Messages.Count == 0)
                break;
        }

        if (read.Where((found, i) => found.Seq != i + 1).FirstOrDefault() is { } misplaced)
            _ledger.AddViolation($"history of {room} has a hole or a repeat at {misplaced.Seq}");
        if (read.Count != joined.Seq)
            _ledger.AddViolation($"{room} ends at {joined.Seq}, and history has {read.Count} events of it");
        foreach (var (expected, found) in recorded.Zip(read))
        {
            if (expected != found)
                _ledger.AddViolation($"history has {found.Seq} in {room} as {found}; the server had sent it as {expected.Seq}, {expected}");
        }

        if (recorded.Count != read.Count)
            _ledger.AddViolation($"history has {read.Count} events of {room}, but the server had sent {recorded.Count}");
        if (read.GroupBy(found => found.Text).FirstOrDefault(same => same.Count() > 1) is { } twice)
            _ledger.AddViolation($"history of {room} has the same text at {string.Join(" and ", twice.Select(found => found.Seq))}");
    }

    // What a person needs to find out why a moment did not come.
    private string DescribeState(ServerProcess server) =>
        $"\n{string.Join('\n', _clients.Select(client => client.DescribeMissing(GetLastSeq)))}\nviolations:\n{string.Join('\n', Violations)}\nthe server:\n{string.Join('\n', server.Lines)}";

    private long GetLastSeq(string room) => _ledger.GetLastSeq(room);

    private static string[] GetRooms(int client) => Rooms[..(client < 2 ? 3 : client < 4 ? 2 : 1)];

    private static bool IsErrorLine(string line) =>
        line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal) || line.StartsWith("Unhandled", StringComparison.Ordinal);
}
