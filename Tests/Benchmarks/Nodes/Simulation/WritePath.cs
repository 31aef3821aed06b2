using RawSocketChat.Tests.Benchmarks.Nodes.Acks;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>What <see cref="WritePath"/> simulates.</summary>
internal sealed record WritePathSetup
{
    public required Costs Costs { get; init; }

    public required int Servers { get; init; }

    public required int Rooms { get; init; }

    /// <summary>The number of senders, each of which has <see cref="Window"/> messages in flight. 0 if <see cref="MessagesPerSecond"/> is given.</summary>
    public int Senders { get; init; }

    public int Window { get; init; }

    /// <summary>The messages per second of all rooms together, at random times. 0 if senders wait for acks.</summary>
    public double MessagesPerSecond { get; init; }

    /// <summary>Whether each room has members at every server. Otherwise only the servers of its senders read its messages.</summary>
    public bool RoomsAtAllServers { get; init; }

    /// <summary>If not 0, servers, PostgreSQL and senders share this number of cores. Otherwise each machine has its own cores.</summary>
    public int SharedCores { get; init; }

    /// <summary>The part of the shared cores that other programs leave.</summary>
    public double SharedSpeed { get; init; } = 1;

    public int ServerCores { get; init; } = 8;

    public int DatabaseCores { get; init; } = 16;

    /// <summary>The simulated seconds that count.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>The simulated seconds before them.</summary>
    public double WarmUp { get; init; } = 1;
}

/// <summary>The result of a simulation.</summary>
/// <param name="AcksPerSecond">Messages stored and acknowledged.</param>
/// <param name="CommitsPerSecond">Commits of all servers.</param>
/// <param name="PagesPerSecond">Reads of a room with messages of another server, by all servers.</param>
/// <param name="MeanMilliseconds">The mean time from a message to its ack.</param>
/// <param name="DatabaseCores">The cores that PostgreSQL used. 0 if the machines share their cores.</param>
internal readonly record struct WritePathResult(double AcksPerSecond, double CommitsPerSecond, double PagesPerSecond, double MeanMilliseconds, double DatabaseCores);

/// <summary>
/// A discrete simulation of how messages are stored. A room at a server stores one batch at a time, and collects the next messages meanwhile. A server
/// puts the batches of all its rooms into one transaction, and has one transaction at a time. A transaction locks its rooms in the database until its
/// commit, and takes two round trips. After the commit, the server announces the rooms, and the other servers read the messages.
/// </summary>
internal sealed class WritePath
{
    private const double Micro = 1e-6;
    private const double Milli = 1e-3;

    private readonly WritePathSetup _setup;
    private readonly Costs _costs;
    private readonly SimulatedClock _clock = new();
    private readonly CpuPool _database;
    private readonly RoomLocks _locks = new();
    private readonly Node[] _nodes;
    private readonly SenderLayout _layout;
    private readonly int[] _serversOfRoom;
    private readonly Random _random = new(1);
    private long _acks;
    private long _commits;
    private double _pages;
    private double _latency;
    private bool _isCounting;

    private WritePath(WritePathSetup setup)
    {
        _setup = setup;
        _costs = setup.Costs;
        var shared = setup.SharedCores > 0 ? new CpuPool(_clock, setup.SharedCores, setup.SharedSpeed) : null;
        _database = shared ?? new CpuPool(_clock, setup.DatabaseCores);
        _nodes = [.. Enumerable.Range(0, setup.Servers).Select(_ => new Node(shared ?? new CpuPool(_clock, setup.ServerCores), setup.Rooms))];
        _layout = new SenderLayout(setup.Senders, setup.Rooms, setup.Servers);
        _serversOfRoom = setup.RoomsAtAllServers ? [.. Enumerable.Repeat(setup.Servers, setup.Rooms)] : [.. Enumerable.Range(0, setup.Rooms).Select(_layout.CountServers)];
    }

    public static WritePathResult Run(WritePathSetup setup) => new WritePath(setup).Run();

    private WritePathResult Run()
    {
        for (var sender = 0; sender < _setup.Senders; sender++)
            Send(sender, _setup.Window);
        if (_setup.MessagesPerSecond > 0)
            SendAtRandom();
        _clock.RunUntil(_setup.WarmUp);
        var used = _database.Used;
        _isCounting = true;
        _clock.RunUntil(_setup.WarmUp + _setup.Seconds);
        return new WritePathResult(
            _acks / _setup.Seconds, _commits / _setup.Seconds, _pages / _setup.Seconds, _latency / Math.Max(1, _acks) / Milli, _setup.SharedCores > 0 ? 0 : (_database.Used - used) / _setup.Seconds);
    }

    private void Send(int sender, int count) => Receive(_layout.GetServer(sender), _layout.GetRoom(sender), sender, count);

    private void SendAtRandom() => _clock.After(-Math.Log(1 - _random.NextDouble()) / _setup.MessagesPerSecond, () =>
    {
        Receive(_random.Next(_setup.Servers), _random.Next(_setup.Rooms), sender: -1, 1);
        SendAtRandom();
    });

    private void Receive(int server, int room, int sender, int count)
    {
        var at = _clock.Now;
        var each = _costs.ServerAck + (_setup.SharedCores > 0 ? _costs.SenderAck : 0);
        _nodes[server].Cpu.Run(count * each * Micro, () =>
        {
            _nodes[server].Waiting[room].Add(new Message(sender, at, count));
            StoreRoom(server, room);
        });
    }

    private void StoreRoom(int server, int room)
    {
        var node = _nodes[server];
        if (node.IsStoring[room] || node.Waiting[room].Count == 0)
            return;
        node.IsStoring[room] = true;
        node.Jobs.Add((room, node.Waiting[room]));
        node.Waiting[room] = [];
        Write(server);
    }

    private void Write(int server)
    {
        var node = _nodes[server];
        if (node.IsWriting || node.Jobs.Count == 0)
            return;
        node.IsWriting = true;
        var jobs = node.Jobs;
        node.Jobs = [];
        List<int> rooms = [.. jobs.Select(job => job.Room).Order()];
        var count = jobs.Sum(job => job.Messages.Sum(message => message.Count));
        var halfTrip = _costs.RoundTripMilliseconds * Milli / 2;
        // The first round trip locks the rooms and reads.
        node.Cpu.Run(_costs.WriterCommit * Micro, () => _clock.After(halfTrip, () => _locks.Take(rooms, () =>
            _database.Run(_costs.DatabaseCommit / 2 * Micro, () => _clock.After(halfTrip, Insert)))));

        // The second one writes and commits.
        void Insert() => node.Cpu.Run(count * _costs.WriterMessage * Micro, () => _clock.After(halfTrip, () =>
            _database.Run(((_costs.DatabaseCommit / 2) + (count * _costs.DatabaseMessage)) * Micro, () => _clock.After(_costs.SyncMilliseconds * Milli, Commit))));

        void Commit()
        {
            _locks.Release(rooms);
            _clock.After(halfTrip, () => node.Cpu.Run(_costs.ServerCommit * Micro, () => Complete(server, jobs)));
        }
    }

    private void Complete(int server, List<(int Room, List<Message> Messages)> jobs)
    {
        var node = _nodes[server];
        node.IsWriting = false;
        if (_isCounting)
            _commits++;
        foreach (var (room, messages) in jobs)
        {
            node.IsStoring[room] = false;
            // The average share of the other servers that read the room.
            var share = (_serversOfRoom[room] - 1.0) / Math.Max(1, _nodes.Length - 1);
            node.Unannounced += messages.Sum(message => message.Count) * share;
            if (share > 0)
                node.UnannouncedRooms[room] = share;
            foreach (var message in messages)
            {
                if (_isCounting)
                    (_acks, _latency) = (_acks + message.Count, _latency + ((_clock.Now - message.At) * message.Count));
            }

            foreach (var bySender in messages.Where(message => message.Sender >= 0).GroupBy(message => message.Sender))
                Send(bySender.Key, bySender.Sum(message => message.Count));
            StoreRoom(server, room);
        }

        Announce(server);
        Write(server);
    }

    // While an announcement is on its way, the server collects the next ones. The other servers read the messages of an announcement together.
    private void Announce(int server)
    {
        var node = _nodes[server];
        if (node.IsAnnouncing || node.Unannounced == 0)
            return;
        node.IsAnnouncing = true;
        var (count, pages) = (node.Unannounced, node.UnannouncedRooms.Values.Sum());
        node.Unannounced = 0;
        node.UnannouncedRooms.Clear();
        if (_isCounting)
            _pages += pages * (_nodes.Length - 1);
        _database.Run(_costs.DatabaseAnnouncement * Micro, () =>
        {
            node.IsAnnouncing = false;
            foreach (var other in _nodes.Where(other => other != node))
            {
                _database.Run(((count * _costs.DatabaseRead) + (pages * _costs.DatabasePage)) * Micro, () =>
                    other.Cpu.Run(((count * _costs.ServerRead) + (pages * _costs.ServerPage)) * Micro, () => { }));
            }

            Announce(server);
        });
    }

    private readonly record struct Message(int Sender, double At, int Count);

    /// <summary>The state of a server.</summary>
    private sealed class Node(CpuPool cpu, int rooms)
    {
        public CpuPool Cpu => cpu;

        /// <summary>For each room, the messages that are not in a batch yet.</summary>
        public List<Message>[] Waiting { get; } = [.. Enumerable.Range(0, rooms).Select(_ => new List<Message>())];

        public bool[] IsStoring { get; } = new bool[rooms];

        /// <summary>The batches for the next transaction.</summary>
        public List<(int Room, List<Message> Messages)> Jobs { get; set; } = [];

        public bool IsWriting { get; set; }

        public bool IsAnnouncing { get; set; }

        /// <summary>The messages of the next announcement that each other server will read.</summary>
        public double Unannounced { get; set; }

        /// <summary>The rooms of these messages, each with the share of the other servers that read it.</summary>
        public Dictionary<int, double> UnannouncedRooms { get; } = [];
    }
}
