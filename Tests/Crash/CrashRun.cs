using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// A server that is killed again and again while people talk, always on the same folder and ports. What everybody was
/// promised is in the ledger; at the end the whole log is compared with it.
/// </summary>
internal sealed class CrashRun : IDisposable
{
    private const int Talkers = 8;

    // So that the journal settles every few rounds, and the WAL grows to the size at which it is copied.
    private const int MostAcks = 1500;

    // From so many events on the journal settles once nothing was to be written for some milliseconds.
    private const int SettleEvents = 1024;
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongSilence = TimeSpan.FromMilliseconds(500);

    private static readonly string[] Rooms = ["everybody", "half", "two"];

    private readonly TemporaryFolder _folder = new();
    private readonly Ledger _ledger = new();
    private readonly Random _random;
    private readonly Talker[] _talkers;
    private readonly string[] _settings;
    private readonly Dictionary<KillMoment, int> _kills = [];
    private readonly int _httpPort;
    private readonly int _rawPort;
    private int _halfCommits;
    private int _halfCheckpoints;
    private int _unsettled;

    /// <param name="seed">Of everything but what threads and the system decide.</param>
    public CrashRun(int seed, string durability)
    {
        _random = new Random(seed);
        _talkers = [.. Enumerable.Range(0, Talkers).Select(i => new Talker(i, RoomsOf(i), _ledger, _random.Next()))];
        (_httpPort, _rawPort) = (FixedPort(), FixedPort());
        _settings =
        [
            "--Data:Path", _folder.Path, "--Data:Durability", durability, "--Limits:Enabled", "false",
            "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}",
        ];
    }

    public IReadOnlyCollection<string> Complaints => _ledger.Complaints;

    public string Summary =>
        $"{_kills.Values.Sum()} kills ({string.Join(", ", _kills.OrderBy(kill => kill.Key).Select(kill => $"{kill.Value} {kill.Key}"))}), "
        + $"{_halfCommits} of them in the middle of a commit's writing and {_halfCheckpoints} of a checkpoint's; "
        + $"{_ledger.Acknowledged} messages acknowledged, {_talkers.Sum(talker => talker.SentAgain)} sent again, "
        + $"{_ledger.Duplicates} of those answered as duplicates";

    public int HalfCommits => _halfCommits;

    public int Duplicates => _ledger.Duplicates;

    public async Task MakeRoomsAsync()
    {
        await using var server = await ServerProcess.StartAsync(_settings);
        await using var host = await ChatClient.ConnectAsync(_httpPort);
        foreach (var room in Rooms)
            await host.AskAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) });
        await server.KillAsync();
    }

    /// <summary>Starts the server, lets everybody come back and talk, and kills it.</summary>
    public async Task RoundAsync()
    {
        var moment = Enum.GetValues<KillMoment>()[_random.Next(6)];
        _kills[moment] = _kills.GetValueOrDefault(moment) + 1;
        if (moment == KillMoment.Settling)
            _unsettled = LeftBehind.UnsettledIn(_folder.Path);
        await using (var server = ServerProcess.Begin(_settings))
        {
            if (moment == KillMoment.Start)
                await KillAtStartAsync(server);
            else
            {
                await server.ReadyAsync();
                await TalkUntilKilledAsync(server, moment);
            }

            foreach (var line in server.Lines.Where(IsTrouble))
                _ledger.Complain($"the server said: {line}");
        }

        var left = LeftBehind.In(_folder.Path);
        _halfCommits += left.IsHalfCommitted ? 1 : 0;
        _halfCheckpoints += left.IsHalfCheckpointed ? 1 : 0;
    }

    /// <summary>A last start: everybody gets all that is owed to them, and the log is what the ledger says.</summary>
    public async Task SettleUpAsync()
    {
        await using var server = await ServerProcess.StartAsync(_settings);
        await using var reader = await ChatClient.ConnectAsync(_httpPort, "/ws?name=reader");
        var pulse = new Pulse();
        pulse.BeQuiet();
        var lives = Task.WhenAll(_talkers.Select(talker => talker.LiveAsync(_httpPort, _rawPort, pulse)));
        await Patience.UntilAsync(
            () => Complaints.Count > 0 || _talkers.All(talker => talker.HasAll(LastOf)),
            () => string.Join('\n', _talkers.Select(talker => talker.Owed(LastOf))));
        foreach (var room in Rooms)
            await CompareAsync(reader, room);
        await server.KillAsync();
        await lives.OrFail("the clients' ends");
        foreach (var fault in LeftBehind.FaultsIn(_folder.Path))
            _ledger.Complain($"the database: {fault}");
    }

    public void Dispose() => _folder.Dispose();

    private async Task TalkUntilKilledAsync(ServerProcess server, KillMoment moment)
    {
        var (pulse, over) = (new Pulse(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Plan(moment, pulse, server, over);
        // Those who are away now have something to catch up with later.
        var present = _talkers.Where(_ => moment is KillMoment.CatchUp or KillMoment.Rejoining || _random.Next(4) > 0).ToArray();
        var lives = Task.WhenAll((present.Length > 0 ? present : _talkers).Select(talker => talker.LiveAsync(_httpPort, _rawPort, pulse)));
        await Task.WhenAny(over.Task, lives).OrFail(() => $"the moment to kill ({moment}; {pulse})");
        server.Kill();
        await lives.OrFail("the clients' ends");
    }

    private void Plan(KillMoment moment, Pulse pulse, ServerProcess server, TaskCompletionSource over)
    {
        // At the very ack, or a few milliseconds after it.
        var (acks, spins) = (_random.Next(1, MostAcks), Math.Max(0, _random.Next(-100_000, 100_000)));
        switch (moment)
        {
            case KillMoment.Settling:
                pulse.At(Beat.Acked, Math.Max(1, SettleEvents - _unsettled), () =>
                {
                    pulse.BeQuiet();
                    WatchAfterSilence(Path.Combine(_folder.Path, "chat.db-wal"), () => over.Task.IsCompleted || server.HasExited, Kill);
                });
                break;
            case KillMoment.Checkpoint:
                Watch(Path.Combine(_folder.Path, "chat.db"), () => over.Task.IsCompleted || server.HasExited, Kill);
                pulse.At(Beat.Acked, 2 * MostAcks, Kill);
                break;
            case KillMoment.Rejoining:
                pulse.At(Beat.Joined, _random.Next(1, _talkers.Sum(talker => talker.RoomCount) + 1), Kill);
                break;
            case KillMoment.CatchUp:
                pulse.At(Beat.CaughtUp, acks, Kill);
                pulse.At(Beat.Acked, acks, Kill);
                break;
            default:
                pulse.At(Beat.Acked, acks, Kill);
                break;
        }

        void Kill()
        {
            Thread.SpinWait(spins);
            server.Kill();
            over.TrySetResult();
        }
    }

    private async Task KillAtStartAsync(ServerProcess server)
    {
        var (spins, over) = (_random.Next(2_000_000), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // The first thing that is done with a database whose server was killed is to rebuild this index.
        Watch(Path.Combine(_folder.Path, "chat.db-shm"), () => server.HasExited, () =>
        {
            Thread.SpinWait(spins);
            server.Kill();
            over.TrySetResult();
        });
        await over.Task.OrFail($"the start to reach the database:\n{string.Join('\n', server.Lines)}");
    }

    // The system's notification would come milliseconds later.
    private static void Watch(string file, Func<bool> isOver, Action written)
    {
        var before = Look(file);
        new Thread(() =>
        {
            while (Look(file) == before)
            {
                if (isOver())
                    return;
                Thread.Yield();
            }

            written();
        })
        { IsBackground = true }.Start();
    }

    // What is written first after a moment in which nothing was; or, where nothing is for long, then.
    private static void WatchAfterSilence(string file, Func<bool> isOver, Action written) => new Thread(() =>
    {
        var (before, since) = (Look(file), Stopwatch.StartNew());
        while (since.Elapsed < LongSilence && (Look(file) is var now && now == before || since.Elapsed < Silence))
        {
            if (isOver())
                return;
            if (now != before)
            {
                before = now;
                since.Restart();
            }

            Thread.Yield();
        }

        written();
    })
    { IsBackground = true }.Start();

    private static (DateTime, long) Look(string file) => new FileInfo(file) is { Exists: true } found ? (found.LastWriteTimeUtc, found.Length) : default;

    private async Task CompareAsync(ChatClient reader, string room)
    {
        var joined = await reader.AskAsync<JoinedFrame>(ChatPeerVerbs.Join(room, after: 0, limit: 1));
        _ledger.Opened(room, joined.Epoch);
        var (told, read) = (_ledger.EventsOf(room), new List<Ledger.Event>());
        while (true)
        {
            var page = await reader.AskAsync<HistoryFrame>(new ClientFrame
            {
                Type = ClientFrameType.History,
                Room = room,
                After = read.Count,
                Limit = 200,
                Id = FrameId.From($"{room}-{read.Count}"),
            });
            read.AddRange(page.Messages.MessagesOf().Select(message => new Ledger.Event(message.Seq, message.Text, message.At, message.From.User)));
            if (page.Messages.Count == 0)
                break;
        }

        if (read.Where((found, i) => found.Seq != i + 1).FirstOrDefault() is { } misplaced)
            _ledger.Complain($"history of {room} has no hole and no repeat only before {misplaced.Seq}");
        if (read.Count != joined.Seq)
            _ledger.Complain($"{room} ends at {joined.Seq}, and history has {read.Count} events of it");
        foreach (var (promised, found) in told.Zip(read))
        {
            if (promised != found)
                _ledger.Complain($"history says that {found.Seq} in {room} is {found}; before, it was {promised.Seq}, {promised}");
        }

        if (told.Count != read.Count)
            _ledger.Complain($"history has {read.Count} events of {room}, and {told.Count} were promised");
        if (read.GroupBy(found => found.Text).FirstOrDefault(same => same.Count() > 1) is { } twice)
            _ledger.Complain($"history of {room} has one text at {string.Join(" and ", twice.Select(found => found.Seq))}");
    }

    private long LastOf(string room) => _ledger.LastOf(room);

    private static string[] RoomsOf(int talker) => Rooms[..(talker < 2 ? 3 : talker < 4 ? 2 : 1)];

    private static bool IsTrouble(string line) =>
        line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal) || line.StartsWith("Unhandled", StringComparison.Ordinal);

    // Below the ports that the system gives to whoever connects: while the server is down, nobody else gets it.
    private static int FixedPort()
    {
        while (true)
        {
            var port = Random.Shared.Next(15_000, 30_000);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // It is in use.
            }
        }
    }
}
