using RawSocketChat.Tests.Benchmarks.Nodes;
using RawSocketChat.Tests.Benchmarks.Nodes.Acks;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.NodesTool;

/// <summary>Small runs of the commands. The tests assert counts and texts, never durations.</summary>
[Category(Categories.Slow)] // runs PostgreSQL and servers for seconds
[Parallelizable(ParallelScope.Self)]
public sealed class NodesCommandTests
{
    [Test]
    public async Task Acks_of_two_servers_are_measured_and_simulated()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "acks.json");
        var (exitCode, output, error) = await RunAsync(
            "acks", "--senders", "4", "--rooms", "2", "--windows", "2", "--servers", "2", "--seconds", "1", "--warm-up", "0.5", "--json", file);
        exitCode.Should().Be(NodesCommand.Success, error);
        output.Should().Contain("| SQLite, 1 server |").And.Contain("| PostgreSQL, 2 servers |");
        var stored = AckResult.Load(file).Single(result => result.IsPostgres);
        stored.Acks.Should().BePositive();
        // Both members of a room get each message. At the borders of the measurement, a message may have its ack but not both deliveries.
        stored.Deliveries.Should().BeInRange(stored.Acks, 3 * stored.Acks);
        stored.Commits.Should().BePositive();
        stored.CommitCpu.Should().BePositive();

        (exitCode, output, error) = await RunAsync("simulate", "--measured", file, "--users", "1000", "--rooms", "10");
        exitCode.Should().Be(NodesCommand.Success, error);
        output.Should().Contain("| 2 | PostgreSQL, 2 servers |").And.Contain("| connected users | 1,000 |").And.Contain("| first limit (share in use) |");
    }

    [Test]
    public async Task Every_message_is_delivered_at_both_servers()
    {
        var (exitCode, output, error) = await RunAsync("latency", "--rates", "50", "--receivers", "2", "--seconds", "0.5", "--warm-up", "0");
        exitCode.Should().Be(NodesCommand.Success, error);
        output.Should().MatchRegex(@"\| 50 \| 25 \|.*\| 0 \|");
    }

    [TestCase("acks", "--senders", "0", "--senders must be 1 to 1000 (it is 0)")]
    [TestCase("acks", "--servers", "9", "--servers must be 1 to 8 (it is 9)")]
    [TestCase("acks", "--set", "x", "--set must be NAME=VALUE (it is x)")]
    [TestCase("latency", "--rates", "0", "--rates must be 0.5 to 20000 (it is 0)")]
    [TestCase("simulate", "--rooms", "0", "--rooms must be 1 to 1000000 (it is 0)")]
    [TestCase("simulate", "--server-ack", "-1", "--server-ack must be 0 to 1000000000 (it is -1)")]
    [TestCase("simulate", "--measured", "/no/such/file", "/no/such/file can't be read")]
    [TestCase("acks", "--sender", "1", "--help shows the options")]
    public async Task Wrong_option_is_named(string command, string option, string value, string message)
    {
        var (exitCode, _, error) = await RunAsync(command, option, value);
        exitCode.Should().Be(NodesCommand.BadOptions);
        error.Should().StartWith("nodes: ").And.Contain(message);
    }

    [Test]
    public async Task Interrupted_command_ends_every_process_that_it_started()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new StringWriter();
        // PostgreSQL runs as another user, who must be able to enter this folder.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var running = NodesCommand.RunAsync(["acks", "--servers", "2", "--sqlite", "false", "--seconds", "100", "--folder", folder.Path], output, error, stop.Token);
        await TestWait.UntilAsync(() => FindProcesses(folder.Path).Count(line => line.Contains("--Data:Nodes", StringComparison.Ordinal)) == 2, () => $"PostgreSQL and two servers to run: {error}");
        await stop.CancelAsync();
        (await running.OrFail("the end")).Should().Be(NodesCommand.Interrupted);
        FindProcesses(folder.Path).Should().BeEmpty();
        Directory.GetFileSystemEntries(folder.Path).Should().BeEmpty();
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await NodesCommand.RunAsync(args, output, error, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString());
    }

    // The command lines of the servers and of PostgreSQL contain the folder.
    private static List<string> FindProcesses(string folder)
    {
        var found = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var line = File.ReadAllText($"{process}/cmdline").Replace('\0', ' ');
                if (line.Contains(folder, StringComparison.Ordinal))
                    found.Add(line);
            }
            catch (IOException)
            {
                // The process has ended.
            }
        }

        return found;
    }
}
