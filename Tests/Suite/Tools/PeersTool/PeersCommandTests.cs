using System.Diagnostics;
using System.Text.Json.Nodes;
using RawSocketChat.Tests.Benchmarks.Peers;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.PeersTool;

/// <summary>A small run of the whole comparison, with the peers that need only .NET. The tests assert counts, never durations.</summary>
[Category(Categories.Slow)] // runs the comparison for seconds
[Parallelizable(ParallelScope.Self)]
public sealed class PeersCommandTests
{
    private static readonly string[] Hosted = ["floor", "rawsocketchat", "usewebsockets", "signalr"];

    [Test]
    public async Task Every_peer_delivers_every_message_and_ends()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--peers", string.Join(',', Hosted), "--rounds", "2", "--seconds", "0.2", "--warm-up", "0.2", "--subscribers", "10", "--idle", "60", "--settle", "0.1", "--patience", "20", "--json", file, "--markdown");
        exitCode.Should().Be(0, "the output is {0} {1}", output, error);

        var result = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        var peers = result["peers"]!.AsArray().ToDictionary(peer => peer!["name"]!.GetValue<string>(), peer => peer!);
        peers.Keys.Should().Equal(Hosted);
        foreach (var (name, peer) in peers)
        {
            var stretches = peer["rounds"]!.AsArray().SelectMany(round => round!["rates"]!.AsArray().Append(round["most"])).ToList();
            stretches.Should().HaveCount(2 * 3, name);
            foreach (var stretch in stretches)
                stretch!["delivered"]!.GetValue<long>().Should().Be(10 * stretch["published"]!.GetValue<long>()).And.BePositive();
            stretches.Select(stretch => stretch!["published"]!.GetValue<long>()).Take(2).Should().Equal(4, 20);
            peer["idleBytes"].Should().NotBeNull();
            output.Should().Contain(peer["title"]!.GetValue<string>());
        }

        output.Should().Contain("| floor (C#, one `Send` per subscriber) | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |").And.Contain("versions: .NET ");
    }

    [Test]
    public async Task Interrupted_command_ends_every_process_that_it_started()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var running = PeersCommand.RunAsync(["--peers", "floor,signalr", "--seconds", "60", "--subscribers", "10"], output, error, stop.Token);
        await TestWait.UntilAsync(() => FindPeerProcesses().Count == 2, () => $"both peers to run: {error}");
        await stop.CancelAsync();
        (await running.OrFail("the end")).Should().Be(PeersCommand.Interrupted);
        FindPeerProcesses().Should().BeEmpty();
    }

    [Test]
    public async Task Comparison_reports_failed_and_missing_peers_and_measures_the_other_peers()
    {
        var floor = PeerCatalog.All.Single(peer => peer.Name == PeerCatalog.Floor);
        using var progress = new StringWriter();
        var options = new PeersOptions { Peers = ["floor", "broken", "absent"], Rounds = 1, Seconds = 0.1, WarmUp = 0.1, Subscribers = 5, Idle = 0, Patience = 20 };
        var result = await new PeersRun(options, [floor, new OtherPeer { Name = "broken", Title = "broken" }, new OtherPeer { Name = "absent", Title = "absent", Lacks = "absent: apt-get install it" }], progress, CancellationToken.None).RunAsync();
        using var report = new StringWriter();
        PeersReport.Write(report, result, "peers", markdown: true);

        result.Peers.Select(peer => (peer.Name, peer.HasPassed)).Should().Equal(("floor", true), ("broken", false));
        report.ToString().Should().Contain("FAULTY broken: ").And.Contain("does not listen: it is broken").And.Contain("MISSING absent: apt-get install it");
        result.ExitCode.Should().Be(PeersCommand.PeerFailed);
        (result with { Peers = [result.Peers[0]] }).ExitCode.Should().Be(PeersCommand.PeersMissing);
        (result with { Peers = [result.Peers[0]], Missing = [] }).ExitCode.Should().Be(PeersCommand.Success);
    }

    [Test]
    public void Variant_is_reported_as_missing_if_the_server_lacks_its_setting()
    {
        Row("Data:Durability").DescribeMissing().Should().BeNull();
        Row("Data:Durabilty").DescribeMissing().Should().Be("row: this server has no setting --Data:Durabilty");
        Row("Datum:Durability").DescribeMissing().Should().NotBeNull("a whole section may be unknown");

        static ChatPeer Row(string setting) => new() { Name = "row", Title = "row", Settings = [(setting, "none")] };
    }

    [TestCase("--peers", "floor,carrier-pigeon", "--peers must be a list of floor, rawsocketchat")]
    [TestCase("--rounds", "0", "--rounds must be 1 to 100 (it is 0)")]
    [TestCase("--subscribers", "100000000", "--subscribers must be 2 to")]
    [TestCase("--rates", "fast", "--rates must be a list of numbers")]
    [TestCase("--rates", "100000,100000,100000,100000,100000,100000", "--rates, --seconds and --rounds: too many messages to number")]
    [TestCase("--idle", "-1", "--idle must be 0 to")]
    [TestCase("--settle", "-1", "--settle must be 0 to 600 (it is -1)")]
    public async Task Command_reports_a_bad_option_in_one_line(string option, string value, string line)
    {
        var (exitCode, _, error) = await RunAsync(option, value);
        exitCode.Should().Be(PeersCommand.BadOptions);
        error.Should().StartWith("peers: ").And.Contain(line);
        error.TrimEnd().Should().NotContain("\n");
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await PeersCommand.RunAsync(args, output, error, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString());
    }

    // Finds the peer processes that this process has started.
    private static List<int> FindPeerProcesses() => [.. CpuTime.GetProcessTree(Environment.ProcessId).Where(id =>
        File.Exists($"/proc/{id}/cmdline") && File.ReadAllText($"/proc/{id}/cmdline").Contains("Peers.dll\0serve", StringComparison.Ordinal))];

    private sealed class OtherPeer : Peer
    {
        public string? Lacks { get; init; }

        public override Wire Wire => new PlainWire();

        public override string? DescribeMissing() => Lacks;

        public override Task<string> GetVersionAsync(CancellationToken cancel) => Task.FromResult("0");

        public override ProcessStartInfo CreateStartInfo(int port, string folder) => new("sh", ["-c", "echo it is broken; exit 1"]);
    }
}
