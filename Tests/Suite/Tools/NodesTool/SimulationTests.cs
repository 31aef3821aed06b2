using RawSocketChat.Tests.Benchmarks.Nodes.Acks;
using RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

namespace RawSocketChat.Tests.Tools.NodesTool;

/// <summary>The parts of the simulation, against results that follow from arithmetic.</summary>
public sealed class SimulationTests
{
    private static readonly Costs Free = CostOption.All.Aggregate(new Costs(), (costs, option) => option.Set(costs, 0));

    [Test]
    public void Least_squares_finds_the_factors_of_exact_measurements()
    {
        double[][] rows = [[1, 0.1, 0], [1, 0.5, 1], [1, 0.02, 2], [1, 1, 1]];
        var found = LeastSquares.Solve(rows, [.. rows.Select(row => (20 * row[0]) + (300 * row[1]) + (7 * row[2]))]);
        found[0].Should().BeApproximately(20, 1e-6);
        found[1].Should().BeApproximately(300, 1e-6);
        found[2].Should().BeApproximately(7, 1e-6);
    }

    [Test]
    public void Least_squares_gives_no_negative_factor()
    {
        // Without the limit, the second factor would be -1.
        double[][] rows = [[1, 1], [1, 2], [1, 3]];
        var found = LeastSquares.Solve(rows, [9, 8, 7]);
        found[0].Should().BeApproximately(8, 1e-6);
        found[1].Should().Be(0);
    }

    [Test]
    public void Least_squares_gives_zero_to_a_factor_that_no_measurement_shows()
    {
        LeastSquares.Solve([[1, 0], [1, 0]], [5, 7]).Should().Equal(6, 0);
    }

    [Test]
    public void Cores_run_jobs_side_by_side_and_in_turn()
    {
        var clock = new SimulatedClock();
        var pool = new CpuPool(clock, cores: 2);
        var ended = new List<(string Job, double At)>();
        foreach (var (job, seconds) in new[] { ("long", 0.010), ("longer", 0.020), ("short", 0.001) })
            pool.Run(seconds, () => ended.Add((job, clock.Now)));
        clock.RunUntil(1);
        ended.Select(end => end.Job).Should().Equal("short", "long", "longer");
        ended[0].At.Should().BeApproximately(0.002, 1e-9, "the short job runs after the first slice of the others");
        pool.Used.Should().BeApproximately(0.031, 1e-9);
    }

    [Test]
    public void Transaction_waits_for_the_rooms_of_an_earlier_transaction()
    {
        var locks = new RoomLocks();
        var order = new List<string>();
        locks.Take([1, 2], () => order.Add("first"));
        locks.Take([2, 3], () => order.Add("second"));
        locks.Take([3], () => order.Add("third"));
        order.Should().Equal("first", "third");
        locks.Release([1, 2]);
        order.Should().Equal(["first", "third"], "the second transaction still waits for room 3");
        locks.Release([3]);
        order.Should().Equal("first", "third", "second");
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Simulated_rate_is_the_cores_divided_by_the_cost_of_a_message(int servers)
    {
        var result = WritePath.Run(new WritePathSetup { Costs = Free with { ServerAck = 80, SenderAck = 20 }, Servers = servers, Senders = 100, Rooms = 50, Window = 32, SharedCores = 2 });
        result.AcksPerSecond.Should().BeApproximately(20_000, 1000);
    }

    [Test]
    public void One_server_commits_once_in_the_time_of_two_round_trips_and_a_sync()
    {
        var costs = Free with { RoundTripMilliseconds = 2, SyncMilliseconds = 6 };
        var result = WritePath.Run(new WritePathSetup { Costs = costs, Servers = 1, Senders = 1, Rooms = 1, Window = 4 });
        result.CommitsPerSecond.Should().BeApproximately(100, 2);
        result.AcksPerSecond.Should().BeApproximately(400, 8);
    }

    [Test]
    public void One_server_stores_no_more_than_its_writer_and_one_session_of_the_database()
    {
        var setup = new WritePathSetup { Costs = Free with { WriterMessage = 40, DatabaseMessage = 60 }, Servers = 1, Senders = 100, Rooms = 50, Window = 32 };
        WritePath.Run(setup).AcksPerSecond.Should().BeApproximately(10_000, 500);
    }

    [Test]
    public void Servers_that_write_to_different_rooms_commit_side_by_side_but_not_in_one_room()
    {
        var costs = Free with { SyncMilliseconds = 10 };
        var setup = new WritePathSetup { Costs = costs, Servers = 2, Senders = 2, Rooms = 2, Window = 1 };
        WritePath.Run(setup).CommitsPerSecond.Should().BeApproximately(200, 4);
        WritePath.Run(setup with { Rooms = 1 }).CommitsPerSecond.Should().BeApproximately(100, 4);
    }

    [Test]
    public void Messages_at_random_times_are_all_stored_if_the_database_has_time_for_them()
    {
        var setup = new WritePathSetup { Costs = Free with { DatabaseMessage = 1000 }, Servers = 4, Rooms = 100, MessagesPerSecond = 500, RoomsAtAllServers = true, DatabaseCores = 2, Seconds = 10 };
        var result = WritePath.Run(setup);
        result.AcksPerSecond.Should().BeApproximately(500, 40);
        result.DatabaseCores.Should().BeApproximately(0.5, 0.05);
    }

    [Test]
    public void Servers_with_the_same_rooms_use_one_core_of_an_overloaded_database()
    {
        // The transactions wait for each other, because each of them locks almost all rooms.
        var result = WritePath.Run(new WritePathSetup
        {
            Costs = Free with { DatabaseMessage = 1000 },
            Servers = 4,
            Rooms = 100,
            MessagesPerSecond = 4000,
            RoomsAtAllServers = true,
            DatabaseCores = 4,
            Seconds = 10,
        });
        result.AcksPerSecond.Should().BeInRange(900, 1100);
    }

    [Test]
    public void Costs_are_computed_from_measurements()
    {
        AckResult[] results = [.. new[] { 1, 2, 3 }.SelectMany(servers => new[] { 20_000L, 2_000L }.Select(commits => CreateResult(servers, commits, pages: servers == 1 ? 0 : 3000 * servers)))];
        var costs = CostEstimate.Create(results);
        costs.ServerAck.Should().BeApproximately(20, 1e-3);
        costs.ServerCommit.Should().BeApproximately(200, 1e-3);
        costs.WriterMessage.Should().BeApproximately(11, 1e-3);
        costs.WriterCommit.Should().BeApproximately(60, 1e-3);
        costs.ServerRead.Should().BeApproximately(8, 1e-3);
        costs.DatabaseMessage.Should().BeApproximately(50, 1e-3);
        costs.DatabaseCommit.Should().BeApproximately(400, 1e-3);
        costs.DatabaseRead.Should().BeApproximately(10, 1e-3);
        costs.DatabasePage.Should().BeApproximately(70, 1e-3);
        costs.ServerPage.Should().BeApproximately(90, 1e-3);
        costs.DatabaseAnnouncement.Should().BeApproximately(100, 1e-3);
        costs.DeliveryBytes.Should().Be(300);
    }

    [Test]
    public void Senders_of_a_room_are_at_different_servers()
    {
        var layout = new SenderLayout(100, 50, 3);
        Enumerable.Range(0, 100).GroupBy(layout.GetServer).Select(group => group.Count()).Should().OnlyContain(count => count >= 33 && count <= 34);
        Enumerable.Range(0, 50).Select(layout.CountServers).Should().OnlyContain(count => count == 2);
        layout.ReadsPerMessage.Should().Be(1);
        new SenderLayout(100, 50, 1).ReadsPerMessage.Should().Be(0);
    }

    [Test]
    public void Largest_room_and_deliveries_follow_from_the_distribution_of_members()
    {
        var even = new LoadPlan { Users = 1_000_000, Rooms = 10_000, MessagesPerRoom = 0.1 };
        even.LargestRoom.Should().BeApproximately(100, 1e-6);
        even.DeliveriesPerSecond.Should().BeApproximately(100_000, 1e-3);
        // The rooms have 2/3 and 1/3 of the members, and of the messages.
        var uneven = new LoadPlan { Users = 900, Rooms = 2, Zipf = 1, MessagesPerRoom = 1.5 };
        uneven.LargestRoom.Should().BeApproximately(600, 1e-6);
        uneven.DeliveriesPerSecond.Should().BeApproximately((2 * 600) + (1 * 300), 1e-6);
    }

    [Test]
    public void Plan_has_enough_servers_for_the_deliveries_and_enough_databases_for_the_messages()
    {
        var plan = new LoadPlan { Users = 100_000, Rooms = 1000, MessagesPerRoom = 4, ServerCores = 4, DatabaseCores = 2, MaxUse = 0.5 };
        // 400,000 deliveries/s of 10 µs are four cores. A server may use two cores.
        var needs = plan.FindMachines(Free with { ServerDelivery = 10, DatabaseMessage = 800 });
        needs.Servers.Should().Be(2);
        // A database stores 1,250 messages/s of 0.8 ms, because its transactions wait for each other. Half of this may be used, so at least seven
        // databases are needed. The search doubles the number of databases.
        needs.Databases.Should().BeOneOf(8, 16);
        needs.IsStored.Should().BeTrue();
        plan.GetUses(needs)[0].Use.Should().BeInRange(0.25, 0.5);
    }

    private static AckResult CreateResult(int servers, long commits, long pages)
    {
        const long acks = 100_000;
        var reads = servers > 1 ? acks : 0;
        return new AckResult
        {
            Mode = $"PostgreSQL, {servers}",
            IsPostgres = true,
            Servers = servers,
            Senders = 100,
            Rooms = 50,
            Window = 32,
            Seconds = 5,
            Acks = acks,
            Deliveries = 2 * acks,
            ClientBytes = 600 * acks,
            P50Milliseconds = 1,
            P99Milliseconds = 2,
            OtherCores = 0,
            ServerCpu = ((31 * acks) + (260 * commits) + (8 * reads) + (90 * pages)) / 1e6,
            WriterCpu = ((11 * acks) + (60 * commits)) / 1e6,
            GeneratorCpu = 5 * acks / 1e6,
            CommitCpu = ((50 * acks) + (400 * commits)) / 1e6,
            ReadCpu = ((10 * reads) + (70 * pages)) / 1e6,
            AnnouncementCpu = 100 * commits / 1e6,
            Commits = commits,
            NotifyStatements = commits,
            Pages = pages,
        };
    }
}
