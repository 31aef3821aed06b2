namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>A load, and the machines for it.</summary>
internal sealed record LoadPlan
{
    /// <summary>The maximum number of servers of a database, as in the server.</summary>
    public const int MaxServers = 8;

    // More servers than this would need another design, so the search for a number of servers ends here.
    private const int MaxSearched = 32;
    private const int MaxDatabases = 256;
    private const int MaxSimulatedRooms = 2000;
    private const int MessagesInFlight = 4000;
    private const double BytesPerGigabyte = 1e9;

    /// <summary>Connected users.</summary>
    public double Users { get; init; } = 1_000_000;

    public int Rooms { get; init; } = 10_000;

    /// <summary>The number of rooms that a user is in.</summary>
    public double RoomsPerUser { get; init; } = 1;

    /// <summary>With 0 all rooms have the same number of members. With 1 room number i has 1/i of the members of the first room.</summary>
    public double Zipf { get; init; }

    /// <summary>Messages per second of a room on average. A room with more members than others has more messages in proportion.</summary>
    public double MessagesPerRoom { get; init; } = 0.1;

    public int ServerCores { get; init; } = 8;

    public double ServerGigabytes { get; init; } = 32;

    public int DatabaseCores { get; init; } = 32;

    /// <summary>The network of each machine, in gigabits per second.</summary>
    public double Gigabits { get; init; } = 10;

    /// <summary>The share of each resource that may be used. The rest is for reconnects and for the loss of a machine.</summary>
    public double MaxUse { get; init; } = 0.5;

    public double MessagesPerSecond => Rooms * MessagesPerRoom;

    /// <summary>The members of the largest room.</summary>
    public double LargestRoom => Users * RoomsPerUser * GetShares().Max;

    public double DeliveriesPerSecond => MessagesPerSecond * Users * RoomsPerUser * GetShares().SumOfSquares;

    /// <summary>Returns what a number of servers and databases need for the load. Each server uses all databases. A room is in one of them.</summary>
    public LoadNeeds GetNeeds(Costs costs, int servers, int databases)
    {
        var perDatabase = MessagesPerSecond / databases;
        var writes = WritePath.Run(new WritePathSetup
        {
            Costs = costs,
            Servers = servers,
            Rooms = Math.Max(1, Rooms / databases),
            MessagesPerSecond = perDatabase,
            RoomsAtAllServers = true,
            ServerCores = ServerCores,
            DatabaseCores = DatabaseCores,
        });
        var commits = writes.CommitsPerSecond * databases;
        var readsPerServer = MessagesPerSecond * (servers - 1) / servers;
        var pages = writes.PagesPerSecond * databases;
        var serverMicro = (((MessagesPerSecond * (costs.ServerAck + costs.WriterMessage)) + (commits * (costs.ServerCommit + costs.WriterCommit)) + (pages * costs.ServerPage) + (DeliveriesPerSecond * costs.ServerDelivery)) / servers) + (readsPerServer * costs.ServerRead);
        var databaseMessages = perDatabase * servers;
        return new LoadNeeds
        {
            Servers = servers,
            Databases = databases,
            ServerCores = serverMicro / 1e6,
            ServerGigabytes = Users * costs.ConnectionBytes / servers / BytesPerGigabyte,
            ServerGigabits = ((DeliveriesPerSecond * costs.DeliveryBytes / servers) + (MessagesPerSecond * costs.DatabaseBytes)) * 8 / 1e9,
            DatabaseCores = writes.DatabaseCores,
            DatabaseGigabits = databaseMessages * costs.DatabaseBytes * 8 / 1e9,
            LogMegabytes = perDatabase * costs.LogBytes / 1e6,
            CommitsPerSecond = writes.CommitsPerSecond,
            DatabaseLimit = FindDatabaseLimit(costs, servers, databases),
            MeanAckMilliseconds = writes.MeanMilliseconds,
            IsStored = perDatabase == 0 || writes.AcksPerSecond >= perDatabase * 0.9,
            LargestRoomMilliseconds = LargestRoom / servers * costs.ServerDelivery / 1000,
        };
    }

    /// <summary>Returns each resource and its used share. A resource with a share above 1 is a limit that the load exceeds.</summary>
    public IReadOnlyList<(string Name, double Use)> GetUses(LoadNeeds needs) =>
    [
        .. new (string Name, double Use)[]
        {
            ("CPU of the servers", needs.ServerCores / ServerCores),
            ("memory of the servers", needs.ServerGigabytes / ServerGigabytes),
            ("network of the servers", needs.ServerGigabits / Gigabits),
            ("locks of rooms in the database", MessagesPerSecond / needs.Databases / needs.DatabaseLimit),
            ("CPU of the database", needs.IsStored ? needs.DatabaseCores / DatabaseCores : Math.Max(1.01, needs.DatabaseCores / DatabaseCores)),
            ("network of the database", needs.DatabaseGigabits / Gigabits),
        }.OrderByDescending(resource => resource.Use),
    ];

    /// <summary>
    /// Finds a small number of servers and databases with which no resource is used more than <see cref="MaxUse"/>. If more machines do not
    /// help, returns the needs with the most machines of the search.
    /// </summary>
    public LoadNeeds FindMachines(Costs costs)
    {
        var needs = GetNeeds(costs, 1, 1);
        while (true)
        {
            // More databases mean more commits for the servers, so more servers may be needed afterwards.
            if (IsTooMuch(needs, "servers") && needs.Servers < MaxSearched)
                needs = GetNeeds(costs, needs.Servers + 1, needs.Databases);
            else if (!IsTooMuch(needs, "servers") && IsTooMuch(needs, "database") && needs.Databases < Math.Min(MaxDatabases, Rooms))
                needs = GetNeeds(costs, needs.Servers, needs.Databases * 2);
            else
                return needs;
        }

        bool IsTooMuch(LoadNeeds some, string kind) => GetUses(some).Any(resource => resource.Name.EndsWith(kind, StringComparison.Ordinal) && resource.Use > MaxUse);
    }

    // Returns the most messages per second that one database stores: many senders wait for acks. Under this load the transaction of a server contains
    // many rooms. Two transactions that have a room in common run one after the other.
    private double FindDatabaseLimit(Costs costs, int servers, int databases)
    {
        var rooms = Math.Clamp(Rooms / databases, 1, MaxSimulatedRooms);
        var senders = Math.Max(2 * rooms, servers);
        return WritePath.Run(new WritePathSetup
        {
            Costs = costs,
            Servers = servers,
            Rooms = rooms,
            Senders = senders,
            Window = Math.Max(1, MessagesInFlight / senders),
            RoomsAtAllServers = true,
            // A batch may have thousands of messages, so a short simulation would have too few of them.
            Seconds = 10,
            WarmUp = 5,
            ServerCores = ServerCores,
            DatabaseCores = DatabaseCores,
        }).AcksPerSecond;
    }

    /// <summary>Returns the first error in the options, or null.</summary>
    public string? FindError() =>
        NodesCommand.CheckRange("users", Users, 1, 1e9) ?? NodesCommand.CheckRange("rooms", Rooms, 1, 1_000_000) ?? NodesCommand.CheckRange("rooms-per-user", RoomsPerUser, 0.01, 1000)
        ?? NodesCommand.CheckRange("zipf", Zipf, 0, 2) ?? NodesCommand.CheckRange("messages-per-room", MessagesPerRoom, 0, 10_000)
        ?? (MessagesPerSecond > 200_000 ? "--rooms and --messages-per-room: at most 200,000 messages per second together" : null)
        ?? NodesCommand.CheckRange("server-cores", ServerCores, 1, 1024) ?? NodesCommand.CheckRange("server-gigabytes", ServerGigabytes, 0.1, 10_000)
        ?? NodesCommand.CheckRange("database-cores", DatabaseCores, 1, 1024) ?? NodesCommand.CheckRange("gigabits", Gigabits, 0.01, 1000) ?? NodesCommand.CheckRange("max-use", MaxUse, 0.05, 1);

    // The shares of the memberships that the rooms have: the largest share, and the sum of the squares. A message goes to a room with the probability of
    // the share, and the room has this share of the members. So the sum of the squares is the mean share of the members that get a message.
    private (double Max, double SumOfSquares) GetShares()
    {
        if (Zipf == 0)
            return (1.0 / Rooms, 1.0 / Rooms);
        var weights = Enumerable.Range(1, Rooms).Select(i => Math.Pow(i, -Zipf)).ToList();
        var sum = weights.Sum();
        return (weights[0] / sum, weights.Sum(weight => weight * weight) / (sum * sum));
    }
}

/// <summary>What a load needs. The figures are for each server and for each database.</summary>
internal sealed record LoadNeeds
{
    public required int Servers { get; init; }

    public required int Databases { get; init; }

    public required double ServerCores { get; init; }

    public required double ServerGigabytes { get; init; }

    public required double ServerGigabits { get; init; }

    public required double DatabaseCores { get; init; }

    public required double DatabaseGigabits { get; init; }

    /// <summary>Megabytes of PostgreSQL's log per second.</summary>
    public required double LogMegabytes { get; init; }

    public required double CommitsPerSecond { get; init; }

    /// <summary>The most messages per second that one database stores.</summary>
    public required double DatabaseLimit { get; init; }

    public required double MeanAckMilliseconds { get; init; }

    /// <summary>Whether the database stores all messages in the simulation.</summary>
    public required bool IsStored { get; init; }

    /// <summary>The processor time, in milliseconds, in which one core delivers a message to the members of the largest room at one server.</summary>
    public required double LargestRoomMilliseconds { get; init; }
}
