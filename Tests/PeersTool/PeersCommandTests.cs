using System.Diagnostics;
using System.Text.Json.Nodes;
using RawSocketChat.Tests.Benchmarks.Peers;
using RawSocketChat.Tests.Benchmarks.Peers.Load;
using RawSocketChat.Tests.Benchmarks.Peers.Processes;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.PeersTool;

/// <summary>The whole comparison, small, of the peers that .NET alone can host. What is asserted are counts; never how long anything took.</summary>
public sealed class PeersCommandTests
{
    private static readonly string[] Hosted = ["floor", "rawsocketchat", "usewebsockets", "signalr"];

    [Test]
    public async Task Every_peer_delivers_everything_and_ends()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--peers", string.Join(',', Hosted), "--rounds", "2", "--seconds", "0.2", "--warm-up", "0.2", "--subscribers", "10", "--idle", "60", "--settle", "0.1", "--patience", "20", "--json", file, "--markdown");
        exitCode.Should().Be(0, "it says {0} {1}", output, error);

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

        output.Should().Contain("| floor (C#, one `Send` for each) | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |").And.Contain("versions: .NET ");
    }

    [Test]
    public async Task Nothing_that_was_started_goes_on_when_it_is_interrupted()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var running = PeersCommand.RunAsync(["--peers", "floor,signalr", "--seconds", "60", "--subscribers", "10"], output, error, stop.Token);
        await Patience.UntilAsync(() => ServedHere().Count == 2, () => $"both to run: {error}");
        await stop.CancelAsync();
        (await running.OrFail("the end")).Should().Be(PeersCommand.Interrupted);
        ServedHere().Should().BeEmpty();
    }

    [Test]
    public async Task A_peer_that_does_not_start_and_one_that_is_missing_are_told_and_the_others_go_on()
    {
        var floor = Catalogue.All.Single(peer => peer.Name == Catalogue.Floor);
        using var progress = new StringWriter();
        var options = new PeersOptions { Peers = ["floor", "broken", "absent"], Rounds = 1, Seconds = 0.1, WarmUp = 0.1, Subscribers = 5, Idle = 0, Patience = 20 };
        var result = await new PeersRun(options, [floor, new OtherPeer { Name = "broken", Title = "broken" }, new OtherPeer { Name = "absent", Title = "absent", Lacks = "absent: apt-get install it" }], progress, CancellationToken.None).RunAsync();
        using var report = new StringWriter();
        PeersReport.Write(report, result, "peers", markdown: true);

        result.Peers.Select(peer => (peer.Name, peer.IsFine)).Should().Equal(("floor", true), ("broken", false));
        report.ToString().Should().Contain("FAULTY broken: ").And.Contain("does not listen: it is broken").And.Contain("MISSING absent: apt-get install it");
        result.ExitCode.Should().Be(PeersCommand.Faulty);
        (result with { Peers = [result.Peers[0]] }).ExitCode.Should().Be(PeersCommand.PeersMissing);
        (result with { Peers = [result.Peers[0]], Missing = [] }).ExitCode.Should().Be(PeersCommand.Fine);
    }

    [Test]
    public void A_row_of_this_server_is_here_if_the_server_knows_its_settings()
    {
        Row("Data:Durability").Missing().Should().BeNull();
        Row("Data:Durabilty").Missing().Should().Be("row: this server has no setting --Data:Durabilty");
        Row("Datum:Durability").Missing().Should().NotBeNull("whole sections may be unknown");

        static ChatPeer Row(string setting) => new() { Name = "row", Title = "row", Settings = [(setting, "none")] };
    }

    [TestCase("--peers", "floor,carrier-pigeon", "--peers is a list of floor, rawsocketchat")]
    [TestCase("--rounds", "0", "--rounds must be 1 to 100 (it is 0)")]
    [TestCase("--subscribers", "100000000", "--subscribers must be 2 to")]
    [TestCase("--rates", "fast", "--rates is a list of numbers")]
    [TestCase("--rates", "100000,100000,100000,100000,100000,100000", "--rates, --seconds and --rounds: more messages than can be numbered")]
    [TestCase("--idle", "-1", "--idle must be 0 to")]
    [TestCase("--settle", "-1", "--settle must be 0 to 600 (it is -1)")]
    public async Task A_bad_option_is_said_in_one_line(string option, string value, string line)
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

    // Processes that this one has started to serve as peers.
    private static List<int> ServedHere() => [.. CpuTime.Tree(Environment.ProcessId).Where(id =>
        File.Exists($"/proc/{id}/cmdline") && File.ReadAllText($"/proc/{id}/cmdline").Contains("Peers.dll\0serve", StringComparison.Ordinal))];

    private sealed class OtherPeer : Peer
    {
        public string? Lacks { get; init; }

        public override Wire Wire => new PlainWire();

        public override string? Missing() => Lacks;

        public override Task<string> VersionAsync(CancellationToken cancel) => Task.FromResult("0");

        public override ProcessStartInfo Start(int port, string folder) => new("sh", ["-c", "echo it is broken; exit 1"]);
    }
}
