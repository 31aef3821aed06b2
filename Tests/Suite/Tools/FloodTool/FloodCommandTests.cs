using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using HdrHistogram;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of the command line: options, error lines, exit codes, output files.</summary>
[Category(Categories.Slow)] // runs the load test for seconds
[Parallelizable(ParallelScope.Self)]
public class FloodCommandTests
{
    [TestCase("--connections 0", "--connections")]
    [TestCase("--connections many", "--connections must be a whole number, such as --connections 1000 (it is many)")]
    [TestCase("--seconds 5s", "--seconds must be a number, such as --seconds 10 (it is 5s)")]
    [TestCase("--server-pid me", "--server-pid must be a whole number (it is me)")]
    [TestCase("--conections 5", "there is no option --conections; did you mean --connections? (--help shows them)")]
    [TestCase("--rate 5 --rate 6", "--rate can be given once (it was given 2 times)")]
    [TestCase("flood", "\"flood\" does not belong to an option")]
    [TestCase("--rate 0.01 --seconds 10", "--rate 0.01 for --seconds 10 publishes no message")]
    [TestCase("--rate 100 --seconds 0 --warm-up 1", "publishes no message")]
    [TestCase("--rate 0 --fail delivery.p99>50ms", "--fail delivery.p99>50ms needs messages, but --rate 0 publishes none")]
    [TestCase("--transport ws-h2 --h2-url foo", "--h2-url must be a wss:// address")]
    [TestCase("--transport ws-h2 --h2-url wss://192.0.2.1/ws", "192.0.2.1 is not this machine; --allow-remote")]
    [TestCase("--rate -1", "--rate")]
    [TestCase("--seconds 4000", "--seconds")]
    [TestCase("--connections 5 --publishers 6", "--publishers")]
    [TestCase("--text-bytes 3", "--text-bytes")]
    [TestCase("--ramp 0", "--ramp")]
    [TestCase("--ramp-rate -1", "--ramp-rate")]
    [TestCase("--rate 1000000 --seconds 3600", "--rate times --seconds")]
    [TestCase("--rooms 0", "--rooms")]
    [TestCase("--connections 5 --rooms 6", "--rooms must be 1 to 5")]
    [TestCase("--rooms 5 --publishers 4", "--publishers must be 5 to 1000")]
    [TestCase("--text-bytes 64-", "--text-bytes must be a size, or a range such as 64-1024")]
    [TestCase("--text-bytes 128-64", "--text-bytes 128-64: a range must start with the smaller size")]
    [TestCase("--warm-up 601", "--warm-up")]
    [TestCase("--slow 101", "--slow must be 0 to 100")]
    [TestCase("--connections 10 --slow 10", "--slow leaves too few publishers: 1 of 10 connections read slowly, and 10 must publish")]
    [TestCase("--churn 101", "--churn must be 0 to 100")]
    [TestCase("--poll-interval 0", "--poll-interval")]
    [TestCase("--transport carrier-pigeon", "--transport: there is no transport \"carrier-pigeon\"")]
    [TestCase("--way carrier-pigeon", "--transport: there is no transport \"carrier-pigeon\"", Description = "an alias")]
    [TestCase("--transport ws:80,sse:30", "the sum of the percentages is 110")]
    [TestCase("--transport ws-h2", "--transport ws-h2 needs --h2-url, such as wss://localhost:5443/ws")]
    [TestCase("--source-addresses here", "--source-addresses must be addresses such as 127.0.0.2-127.0.0.20")]
    [TestCase("--seed x", "x")]
    [TestCase("--fail delivery.p98>50ms", "there is no metric \"delivery.p98\"")]
    [TestCase("--fail server.rss>50MB", "--fail server.rss>50MB needs --server-pid")]
    [TestCase("--server-pid 2147483647", "--server-pid")]
    [TestCase("--replay none.ndjson", "--replay none.ndjson: ")]
    [TestCase("--replay none.ndjson --rate 5", "--replay has its own times and texts")]
    [TestCase("--speed 2", "--speed needs --replay")]
    [TestCase("--replay none.ndjson --speed 0", "--speed must be 0.001 to 1000")]
    [TestCase("--find-max --rate 0", "--find-max starts at --rate, which can't be 0")]
    [TestCase("--find-max --hdr run.hlog", "--hdr can't be combined with --find-max")]
    [TestCase("--hdr /nowhere/run.hlog", "--hdr: ")]
    [TestCase("--max-lateness -1", "--max-lateness")]
    [TestCase("--max-lag -1", "--max-lag")]
    [TestCase("--url wss://localhost/ws", "; for TLS use --transport ws-h2 with --h2-url")]
    [TestCase("--url nonsense", "ws://")]
    [TestCase("--nonsense", "--nonsense")]
    [TestCase("--url", "--url needs a value, such as --url ws://localhost:5080/ws")]
    [TestCase("--url ws://192.0.2.1/ws", "--allow-remote")]
    [TestCase("--fail", "--fail needs a value, such as --fail 'delivery.p99>50ms'")]
    public async Task Invalid_options_give_one_error_line_and_exit_code_2(string args, string expected)
    {
        var (exitCode, output, error) = await RunAsync(args);
        exitCode.Should().Be(2);
        error.Should().StartWith("flood: ").And.Contain(expected);
        error.TrimEnd().Should().NotContain("\n");
        output.Should().BeEmpty();
    }

    [Test]
    public async Task Unreachable_server_gives_one_error_line_and_exit_code_3()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var (exitCode, _, error) = await RunAsync($"--url ws://127.0.0.1:{port}/ws");
        exitCode.Should().Be(3);
        error.Should().StartWith($"flood: could not connect to ws://127.0.0.1:{port}/ws: ");
        error.TrimEnd().Should().NotContain("\n");
    }

    [Test]
    public async Task Silent_server_gives_exit_code_3()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var (exitCode, _, error) = await RunAsync($"--url ws://{silent.LocalEndpoint}/ws --patience 0.2");
        exitCode.Should().Be(3);
        error.Should().Contain("no answer within 0.2 s");
    }

    [Test]
    public async Task Help_lists_the_options_and_the_exit_codes()
    {
        var (exitCode, output, error) = await RunAsync("--help");
        exitCode.Should().Be(0);
        output.Should().Contain("Exit codes:").And.Contain("--Limits:Enabled=false");
        foreach (var metric in Metric.All.Where(one => one.Kind != MetricKind.Time)) output.Should().Contain(metric.Name);
        output.Should().Contain(".p99").And.Contain("delivery-from-send").And.Contain("--fail <CONDITION>").And.NotContain("{METRICS}");
        foreach (var option in new FloodArguments().All) output.Should().Contain(option.Name);
        foreach (var code in new[] { 0, 1, 2, 3, 4, 5, 70, 130 }) output.Should().MatchRegex($@"\n *{code}  ");
        error.Should().BeEmpty();
    }

    [TestCase(60_000, "lost>0", 0, "passed ")]
    [TestCase(60_000, "deliveries>49", 4, "fail          deliveries>49 (50)")]
    [TestCase(60_000, "deliveries>50", 0, "passed ")]
    [TestCase(0, "lost>0", 5, "invalid       messages were sent late")]
    [TestCase(0, "deliveries>49", 5, "INVALID")]
    public async Task Exit_code_shows_the_result(double maxLateness, string fail, int expected, string line)
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, error) = await RunAsync($"{SmallRun(room, maxLateness: maxLateness)} --fail lost>0 --fail {fail}");
        exitCode.Should().Be(expected, output);
        output.Should().Contain(line).And.MatchRegex("\nseed          [0-9]+\n");
        error.Should().BeEmpty();
    }

    [Test]
    public async Task Lost_message_gives_exit_code_1_even_in_an_invalid_run()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 45) ? [] : [frame] }.Start();
        (await RunAsync($"{SmallRun(room, maxLateness: 0)} --patience 1 --fail deliveries>0")).ExitCode.Should().Be(1);
    }

    [Test]
    public async Task Interrupt_before_all_connections_are_open_gives_exit_code_130()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var stop = new CancellationTokenSource();
        using StringWriter output = new(), error = new();
        var running = FloodCommand.RunAsync(["--url", $"ws://{silent.LocalEndpoint}/ws"], output, error, stop.Token);
        using var connected = await silent.AcceptSocketAsync();
        await stop.CancelAsync();
        (await running.OrFail("the end")).Should().Be(130);
        error.ToString().Should().Be($"flood: interrupted before all connections were open{Environment.NewLine}");
    }

    [Test]
    public async Task Search_prints_its_steps_and_its_result()
    {
        using var room = new FakeRoom().Start();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "run.json");
        var (exitCode, output, error) = await RunAsync(
            $"--url {room.Url} --connections 2 --rate 20 --seconds 0.2 --max-lateness 60000 --max-lag 60000 --find-max --fail sent>40 --json {file}");
        exitCode.Should().Be(0, error);
        output.Should().Contain("step          20/s  passed").And.Contain("step          40/s  failed").And.Contain("highest       ");
        var found = JsonNode.Parse(await File.ReadAllTextAsync(file))!["findMax"]!;
        ((double)found["rate"]!).Should().BeInRange(20, 34, "at 33.3/s, the warm-up of one second and the run of 0.2 s have 40 messages");
        ((string)found["limitedBy"]!).Should().Be("server");
    }

    [Test]
    public async Task Search_without_a_passing_rate_gives_exit_code_4()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, _) = await RunAsync($"--url {room.Url} --connections 2 --rate 2 --seconds 1 --max-lateness 60000 --max-lag 60000 --find-max --fail lost==0");
        exitCode.Should().Be(4);
        output.Should().Contain("highest       none: even 1 messages/s failed");
    }

    [Test]
    public async Task Quiet_run_writes_its_files_and_no_progress_lines()
    {
        using var room = new FakeRoom().Start();
        using var folder = new TemporaryFolder();
        var (json, log) = (Path.Combine(folder.Path, "run.json"), Path.Combine(folder.Path, "run.hlog"));
        var (exitCode, output, error) = await RunAsync($"{SmallRun(room, "1.5")} --quiet --json {json} --hdr {log}");
        exitCode.Should().Be(0, error);
        output.Should().NotContain("running");
        ((double)JsonNode.Parse(await File.ReadAllTextAsync(json))!["metrics"]!["deliveries"]!).Should().Be(5 * 75);
        using var reader = new HistogramLogReader(File.OpenRead(log));
        reader.ReadHistograms().Where(one => one.Tag == "delivery").Sum(one => one.TotalCount).Should().Be(5 * 75);
    }

    [Test]
    public async Task Room_name_that_the_server_rejects_gives_exit_code_2()
    {
        using var room = new FakeRoom { JoinError = "bad-field" }.Start();
        var (exitCode, _, error) = await RunAsync(SmallRun(room));
        (exitCode, error).Should().Be((2, $"flood: --room lobby: no such name{Environment.NewLine}"));
    }

    [TestCase("ws")]
    [TestCase("sse")]
    public async Task Limit_of_open_files_gives_one_error_line(string transport)
    {
        using var room = new FakeRoom().Start();
        await using var http = await FakeHttpRoom.StartAsync();
        var output = await Shell.RunAsync(
            $"ulimit -n 200; dotnet {typeof(FloodCommand).Assembly.Location} --url {(transport == "ws" ? room.Url : http.Url)} --transport {transport} --connections 300 --patience 5 2>&1; echo code $?");
        output.Should().MatchRegex("\nflood: only [0-9]+ of 300 connections could be opened: no more sockets for this process: .*ulimit.*\n.*code 3\n");
    }

    [Test]
    public async Task Fault_of_the_tool_gives_exit_code_70()
    {
        using var room = new FakeRoom().Start();
        using StringWriter error = new();
        using var closed = new StringWriter();
        await closed.DisposeAsync();
        var exitCode = await FloodCommand.RunAsync(SmallRun(room).Split(' '), closed, error, CancellationToken.None);
        exitCode.Should().Be(70);
        error.ToString().Should().StartWith("flood: a fault of this tool, not of the server: ").And.Contain(nameof(ObjectDisposedException));
    }

    [Test]
    public async Task Room_name_that_the_server_normalizes_gives_exit_code_2()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{SmallRun(room)} --room #lobby");
        (exitCode, error).Should().Be((2, $"flood: --room #lobby: the server calls it lobby{Environment.NewLine}"));
    }

    [TestCase("", 2, "")]
    [TestCase("--fail lost==0", 4, "")]
    [TestCase("--json -", 2, "passed ")]
    public async Task Exit_code_shows_the_result_even_if_the_output_cannot_be_written(string more, int expected, string expectedOutput)
    {
        using var room = new FakeRoom().Start();
        var output = await Shell.RunAsync($"dotnet {typeof(FloodCommand).Assembly.Location} {SmallRun(room)} {more} 2>&1 >/dev/full; echo code $?");
        output.Should().MatchRegex($"{expectedOutput}(.*\n)*flood: can't write the output: .*\ncode {expected}\n").And.NotContain("fault");
    }

    [Test]
    public async Task Standard_output_has_only_the_JSON()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, error) = await RunAsync($"{SmallRun(room)} --json -");
        exitCode.Should().Be(0, error);
        ((double)JsonNode.Parse(output)!["metrics"]!["deliveries"]!).Should().Be(5 * 10);
        error.Should().Contain("published     10 of 10");
    }

    [Test]
    public async Task Unwritable_file_is_reported_before_the_tool_connects()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{SmallRun(room)} --json /nowhere/run.json");
        (exitCode, room.Joined).Should().Be((2, 0));
        error.Should().StartWith("flood: --json: ");
    }

    [TestCase("lost>0", 2)]
    [TestCase("lost==0", 4)]
    public async Task Exit_code_shows_the_result_even_if_the_disk_is_full(string fail, int expected)
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{SmallRun(room)} --fail {fail} --json /dev/full");
        exitCode.Should().Be(expected);
        error.Should().StartWith("flood: --json: ");
    }

    [Test]
    public async Task Run_prints_a_line_each_second()
    {
        using var room = new FakeRoom().Start();
        var (_, output, _) = await RunAsync($"{SmallRun(room, "1.5")}");
        output.Should().MatchRegex("\nrunning       1 s  [0-9]+ messages/s");
    }

    private static string SmallRun(FakeRoom room, string seconds = "0.2", double maxLateness = 60_000) =>
        $"--url {room.Url} --connections 5 --publishers 2 --rate 50 --seconds {seconds} --max-lag 60000 --max-lateness {maxLateness}";

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string args)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await FloodCommand.RunAsync(args.Split(' '), output, error, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString());
    }
}
