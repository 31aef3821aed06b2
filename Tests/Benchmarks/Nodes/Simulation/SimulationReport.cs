using RawSocketChat.Tests.Benchmarks.Nodes.Acks;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>Prints simulated rates beside measured ones, and what a load needs.</summary>
internal static class SimulationReport
{
    // The simulation is good enough if each simulated rate differs from the measured one by at most this share.
    private const double MaxDeviation = 0.3;

    public static void WriteCosts(TextWriter output, Costs costs)
    {
        output.WriteLine("| cost | value |");
        output.WriteLine("| --- | ---: |");
        foreach (var option in CostOption.All)
            output.WriteLine($"| {option.Description} (`--{option.Name}`) | {option.Get(costs):#,0.##} |");
    }

    public static void WriteComparison(TextWriter output, Costs costs, IReadOnlyList<AckResult> measured)
    {
        output.WriteLine($"\nsimulation of the measured runs, with servers, PostgreSQL and senders on {Environment.ProcessorCount} cores together, less what other programs used:\n");
        output.WriteLine("| in flight | storage | measured acks/s | simulated | simulated / measured | measured commits/s | simulated |");
        output.WriteLine("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
        var worst = 0.0;
        foreach (var run in measured.Where(run => run.IsPostgres))
        {
            var simulated = WritePath.Run(new WritePathSetup
            {
                Costs = costs,
                Servers = run.Servers,
                Senders = run.Senders,
                Rooms = run.Rooms,
                Window = run.Window,
                SharedCores = Environment.ProcessorCount,
                SharedSpeed = Math.Max(0.1, 1 - (run.OtherCores / Environment.ProcessorCount)),
            });
            var ratio = simulated.AcksPerSecond / run.AcksPerSecond;
            worst = Math.Max(worst, Math.Abs(ratio - 1));
            output.WriteLine($"| {run.Window} | {run.Mode} | {run.AcksPerSecond:n0} | {simulated.AcksPerSecond:n0} | {ratio:0.00} | {run.Commits / run.Seconds:n0} | {simulated.CommitsPerSecond:n0} |");
        }

        output.WriteLine($"\nlargest difference {worst:p0}: {(worst <= MaxDeviation ? "within" : "not within")} {MaxDeviation:p0}");
    }

    /// <summary>Prints the needs of one or more loads, each in its own column.</summary>
    public static void WritePlans(TextWriter output, IReadOnlyList<(string Name, LoadPlan Plan)> loads, Costs costs)
    {
        List<(LoadPlan Plan, LoadNeeds Needs, IReadOnlyList<(string Name, double Use)> Uses)> columns =
            [.. loads.Select(load => (load.Plan, Needs: load.Plan.FindMachines(costs))).Select(load => (load.Plan, load.Needs, load.Plan.GetUses(load.Needs)))];
        var first = loads[0].Plan;
        output.WriteLine($"\nservers with {first.ServerCores} cores and {first.ServerGigabytes:0.#} GB, databases with {first.DatabaseCores} cores, networks with {first.Gigabits:0.#} Gbit/s; at most {first.MaxUse:p0} of each resource in use:\n");
        output.WriteLine($"| | {string.Join(" | ", loads.Select(load => load.Name))} |");
        output.WriteLine($"| --- | {string.Join(" | ", loads.Select(_ => "---:"))} |");
        WriteRow("connected users", (plan, _) => $"{plan.Users:n0}");
        WriteRow("rooms", (plan, _) => $"{plan.Rooms:n0}");
        WriteRow("members of the largest room", (plan, _) => $"{plan.LargestRoom:n0}");
        WriteRow("messages/s", (plan, _) => $"{plan.MessagesPerSecond:n0}");
        WriteRow("deliveries/s", (plan, _) => $"{plan.DeliveriesPerSecond:n0}");
        WriteRow("servers", (plan, needs) => plan.GetUses(needs).Any(resource => resource.Name.EndsWith("servers", StringComparison.Ordinal) && resource.Use > plan.MaxUse)
            ? $"no number is enough ({needs.Servers} simulated)"
            : needs.Servers > LoadPlan.MaxServers ? $"{needs.Servers} (a database supports {LoadPlan.MaxServers})" : $"{needs.Servers}");
        WriteRow("CPU cores used at each server", (_, needs) => $"{needs.ServerCores:0.0}");
        WriteRow("memory of the connections at each server, GB", (_, needs) => $"{needs.ServerGigabytes:0.00}");
        WriteRow("network at each server, Gbit/s", (_, needs) => $"{needs.ServerGigabits:0.00}");
        WriteRow("databases", (_, needs) => $"{needs.Databases}");
        WriteRow("CPU cores used at each database", (_, needs) => $"{needs.DatabaseCores:0.0}");
        WriteRow("commits/s at each database", (_, needs) => $"{needs.CommitsPerSecond:n0}");
        WriteRow("network at each database, Gbit/s", (_, needs) => $"{needs.DatabaseGigabits:0.000}");
        WriteRow("log of each database, MB/s", (_, needs) => $"{needs.LogMegabytes:0.00}");
        WriteRow("mean time to ack, ms", (_, needs) => needs.IsStored ? $"{needs.MeanAckMilliseconds:0.0}" : "too many messages");
        WriteRow("CPU time of one message to the largest room at each server, ms", (_, needs) => $"{needs.LargestRoomMilliseconds:0.0}");
        WriteRow("most messages/s that one database stores", (_, needs) => $"{needs.DatabaseLimit:n0}");
        WriteLimit("first limit", 0);
        WriteLimit("second limit", 1);

        void WriteRow(string name, Func<LoadPlan, LoadNeeds, string> format) => output.WriteLine($"| {name} | {string.Join(" | ", columns.Select(column => format(column.Plan, column.Needs)))} |");

        void WriteLimit(string name, int index) =>
            output.WriteLine($"| {name} (share in use) | {string.Join(" | ", columns.Select(column => $"{column.Uses[index].Name} ({column.Uses[index].Use:p0})"))} |");
    }
}
