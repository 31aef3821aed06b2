using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;
using RawSocketChat.Tests.Benchmarks.Nodes.Acks;
using RawSocketChat.Tests.Benchmarks.Nodes.Latency;
using RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

namespace RawSocketChat.Tests.Benchmarks.Nodes;

/// <summary>Parses the command line, runs a measurement or a simulation, and returns the exit code.</summary>
internal static class NodesCommand
{
    public const int Success = 0;
    public const int Failed = 1;
    public const int BadOptions = 2;
    public const int PostgresMissing = 3;
    public const int Interrupted = 130;

    private const string Description = """
        Measures several servers with one PostgreSQL database on this machine, and simulates larger installations.

        The benchmark starts its own PostgreSQL in a temporary folder, and its own servers. All of them use only the loopback interface, and end with the
        benchmark.

        Exit codes:
          0  measured or simulated
          1  a process did not start, or failed
          2  an option is wrong
          3  PostgreSQL is not installed
        130  interrupted (Ctrl+C)
        """;

    /// <summary>Runs the command. When this method returns, all processes that it has started have ended.</summary>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var command = new RootCommand(Description) { CreateAcks(output, error, cancel), CreateLatency(output, error, cancel), CreateSimulate(output, error) };
        var invocation = command.Parse(args);
        return invocation.Errors.Count > 0
            ? Task.FromResult(Fail(error, $"{invocation.Errors[0].Message} (--help shows the options)", BadOptions))
            : invocation.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null }, CancellationToken.None);
    }

    /// <summary>Returns an error if a value is outside of its range, otherwise null.</summary>
    public static string? CheckRange(string name, double value, double min, double max) => value >= min && value <= max
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"--{name} must be {min} to {max} (it is {value})");

    private static Command CreateAcks(TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new AckOptions();
        var senders = CreateOption("--senders", defaults.Senders, "connections that send");
        var rooms = CreateOption("--rooms", defaults.Rooms, "rooms; the senders are spread evenly over rooms and servers");
        var windows = CreateList("--windows", defaults.Windows, "messages in flight of each sender, measured one by one");
        var servers = CreateList("--servers", defaults.Servers, "numbers of servers with PostgreSQL, measured one by one");
        var sqlite = CreateOption("--sqlite", defaults.Sqlite, "also measure one server with SQLite");
        var seconds = CreateOption("--seconds", defaults.Seconds, "duration of each measurement");
        var warmUp = CreateOption("--warm-up", defaults.WarmUp, "seconds of load before each measurement");
        var rounds = CreateOption("--rounds", defaults.Rounds, "interleaved rounds; the output shows the run with the median rate");
        var folder = CreateFolder();
        var settings = CreateSettings();
        var json = new Option<string?>("--json") { Description = "file for the results, for simulate" };
        var acks = new Command("acks", "acknowledged messages per second, time to ack, and processor time, with one server on SQLite and several servers on PostgreSQL")
        {
            senders, rooms, windows, servers, sqlite, seconds, warmUp, rounds, folder, settings, json,
        };
        acks.SetAction((given, _) => RunAsync(error, async stop =>
        {
            var options = new AckOptions
            {
                Senders = given.GetValue(senders),
                Rooms = given.GetValue(rooms),
                Windows = given.GetValue(windows)!,
                Servers = given.GetValue(servers)!,
                Sqlite = given.GetValue(sqlite),
                Seconds = given.GetValue(seconds),
                WarmUp = given.GetValue(warmUp),
                Rounds = given.GetValue(rounds),
                Folder = given.GetValue(folder),
                Settings = ParseSettings(given.GetValue(settings)!),
            };
            Check(options.FindError());
            var results = await new AckRun(options, error, stop).RunAsync();
            AckReport.Write(output, options, results);
            if (given.GetValue(json) is { } file)
                AckResult.Save(file, results);
        }, cancel));
        return acks;
    }

    private static Command CreateLatency(TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new LatencyOptions();
        var rates = CreateList("--rates", defaults.Rates, "message rates per second, measured one by one");
        var receivers = CreateOption("--receivers", defaults.Receivers, "receivers at each of the two servers");
        var seconds = CreateOption("--seconds", defaults.Seconds, "duration of each measurement; longer at low rates, for at least 20 messages");
        var warmUp = CreateOption("--warm-up", defaults.WarmUp, "seconds of load before the first measurement");
        var folder = CreateFolder();
        var settings = CreateSettings();
        var latency = new Command("latency", "time from a message at server A to its delivery at server A and at server B") { rates, receivers, seconds, warmUp, folder, settings };
        latency.SetAction((given, _) => RunAsync(error, async stop =>
        {
            var options = new LatencyOptions
            {
                Rates = given.GetValue(rates)!,
                Receivers = given.GetValue(receivers),
                Seconds = given.GetValue(seconds),
                WarmUp = given.GetValue(warmUp),
                Folder = given.GetValue(folder),
                Settings = ParseSettings(given.GetValue(settings)!),
            };
            Check(options.FindError());
            LatencyReport.Write(output, options, await new LatencyRun(options, error, stop).RunAsync());
        }, cancel));
        return latency;
    }

    private static Command CreateSimulate(TextWriter output, TextWriter error)
    {
        var defaults = new LoadPlan();
        var measured = new Option<string?>("--measured") { Description = "file of acks --json; the costs are computed from it" };
        var users = CreateOption("--users", defaults.Users, "connected users");
        var rooms = CreateOption("--rooms", defaults.Rooms, "rooms");
        var roomsPerUser = CreateOption("--rooms-per-user", defaults.RoomsPerUser, "rooms of a user");
        var zipf = CreateOption("--zipf", defaults.Zipf, "0: all rooms have the same number of members; 1: room i has 1/i of the members of the first room");
        var messages = CreateOption("--messages-per-room", defaults.MessagesPerRoom, "messages per second of a room, on average");
        var serverCores = CreateOption("--server-cores", defaults.ServerCores, "cores of a server");
        var serverGigabytes = CreateOption("--server-gigabytes", defaults.ServerGigabytes, "memory of a server");
        var databaseCores = CreateOption("--database-cores", defaults.DatabaseCores, "cores of a database");
        var gigabits = CreateOption("--gigabits", defaults.Gigabits, "network of each machine, in Gbit/s");
        var maxUse = CreateOption("--max-use", defaults.MaxUse, "share of each resource that may be used");
        var examples = new Option<bool>("--examples") { Description = "compute the three loads of Server/docs/scale.md instead of one load" };
        var costOptions = CostOption.All.Select(cost => (Cost: cost, Option: new Option<double?>($"--{cost.Name}") { Description = cost.Description })).ToList();
        var simulate = new Command("simulate", "computes what a load needs from measured costs, and where the first limit lies")
        {
            measured, users, rooms, roomsPerUser, zipf, messages, serverCores, serverGigabytes, databaseCores, gigabits, maxUse, examples,
        };
        foreach (var (_, option) in costOptions)
            simulate.Options.Add(option);
        simulate.SetAction((given, _) => RunAsync(error, _ =>
        {
            var results = given.GetValue(measured) is { } file ? AckResult.Load(file) : null;
            if (results is not null && !results.Any(result => result.IsPostgres))
                throw new BenchmarkException("--measured: the file has no measurement with PostgreSQL", BadOptions);
            var costs = costOptions.Where(cost => given.GetValue(cost.Option) is not null)
                .Aggregate(results is null ? new Costs() : CostEstimate.Create(results), (known, cost) => cost.Cost.Set(known, given.GetValue(cost.Option)!.Value));
            var plan = new LoadPlan
            {
                Users = given.GetValue(users),
                Rooms = given.GetValue(rooms),
                RoomsPerUser = given.GetValue(roomsPerUser),
                Zipf = given.GetValue(zipf),
                MessagesPerRoom = given.GetValue(messages),
                ServerCores = given.GetValue(serverCores),
                ServerGigabytes = given.GetValue(serverGigabytes),
                DatabaseCores = given.GetValue(databaseCores),
                Gigabits = given.GetValue(gigabits),
                MaxUse = given.GetValue(maxUse),
            };
            Check(costs.FindError() ?? plan.FindError());
            SimulationReport.WriteCosts(output, costs);
            if (results is not null)
                SimulationReport.WriteComparison(output, costs, results);
            SimulationReport.WritePlans(output, given.GetValue(examples) ? CreateExamples(plan) : [("load", plan)], costs);
            return Task.CompletedTask;
        }, CancellationToken.None));
        return simulate;
    }

    private static (string Name, LoadPlan Plan)[] CreateExamples(LoadPlan machines)
    {
        var many = machines with { Users = 1_000_000, Rooms = 10_000, RoomsPerUser = 1, Zipf = 0 };
        return
        [
            ("10,000 rooms, 0.1 messages/s each", many with { MessagesPerRoom = 0.1 }),
            ("10,000 rooms, 1 message/s each", many with { MessagesPerRoom = 1 }),
            ("one room, 10 messages/s", many with { Users = 100_000, Rooms = 1, MessagesPerRoom = 10 }),
        ];
    }

    // A signal cancels the run. The run then ends all processes that it has started.
    private static async Task<int> RunAsync(TextWriter error, Func<CancellationToken, Task> run, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        try
        {
            await run(stop.Token);
            return Success;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Fail(error, "interrupted", Interrupted);
        }
        catch (BenchmarkException fault)
        {
            return Fail(error, fault.Message, fault.ExitCode);
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException or UnauthorizedAccessException or NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or System.ComponentModel.Win32Exception)
        {
            return Fail(error, fault.Message, Failed);
        }

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static void Check(string? fault)
    {
        if (fault is not null)
            throw new BenchmarkException(fault, BadOptions);
    }

    // Each setting is NAME=VALUE, as in Fanout:GatherMilliseconds=0.
    private static List<string> ParseSettings(string[] settings)
    {
        var parsed = new List<string>();
        foreach (var setting in settings)
        {
            var parts = setting.Split('=', 2);
            if (parts.Length < 2)
                throw new BenchmarkException($"--set must be NAME=VALUE (it is {setting})", BadOptions);
            parsed.AddRange([$"--{parts[0]}", parts[1]]);
        }

        return parsed;
    }

    private static Option<string?> CreateFolder() => new("--folder") { Description = "folder for all data, on the disk to measure [default: the temporary folder]" };

    private static Option<string[]> CreateSettings() => new("--set") { Description = "further setting of the servers, such as Fanout:GatherMilliseconds=0", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };

    private static Option<T> CreateOption<T>(string name, T defaultValue, string description) => new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

    private static Option<T[]> CreateList<T>(string name, IReadOnlyList<T> defaultValue, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => [.. defaultValue], AllowMultipleArgumentsPerToken = true };

    private static int Fail(TextWriter error, string text, int exitCode)
    {
        error.WriteLine($"nodes: {text}");
        return exitCode;
    }
}
