using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using HdrHistogram;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

public class FloodCommandTests
{
    [TestCase("--connections 0", "--connections")]
    [TestCase("--connections many", "--connections must be a whole number, such as --connections 1000 (it is many)")]
    [TestCase("--seconds 5s", "--seconds must be a number, such as --seconds 10 (it is 5s)")]
    [TestCase("--server-pid me", "--server-pid must be a whole number (it is me)")]
    [TestCase("--conections 5", "there is no option --conections; did you mean --connections? (--help shows them)")]
    [TestCase("--rate 5 --rate 6", "--rate can be given once (it is given 2 times)")]
    [TestCase("flood", "\"flood\" belongs to no option")]
    [TestCase("--rate 0.01 --seconds 10", "--rate 0.01 for --seconds 10 makes no message")]
    [TestCase("--rate 100 --seconds 0 --warm-up 1", "makes no message")]
    [TestCase("--rate 0 --fail delivery.p99>50ms", "--fail delivery.p99>50ms needs messages, and --rate 0 sends none")]
    [TestCase("--way ws-h2 --h2-url foo", "--h2-url must be a wss:// address")]
    [TestCase("--way ws-h2 --h2-url wss://192.0.2.1/ws", "192.0.2.1 is not this machine; --allow-remote")]
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
    [TestCase("--text-bytes 128-64", "--text-bytes 128-64: a range goes from the smaller size to the larger one")]
    [TestCase("--warm-up 601", "--warm-up")]
    [TestCase("--slow 101", "--slow must be 0 to 100")]
    [TestCase("--connections 10 --slow 10", "--slow leaves too few to publish: 1 of 10 read slowly, and 10 publish")]
    [TestCase("--churn 101", "--churn must be 0 to 100")]
    [TestCase("--poll-interval 0", "--poll-interval")]
    [TestCase("--way carrier-pigeon", "--way: there is no way \"carrier-pigeon\"")]
    [TestCase("--way ws:80,sse:30", "the percentages are 110 in all")]
    [TestCase("--way ws-h2", "--way ws-h2 needs --h2-url, such as wss://localhost:5443/ws")]
    [TestCase("--source-addresses here", "--source-addresses are such as 127.0.0.2-127.0.0.20")]
    [TestCase("--seed x", "x")]
    [TestCase("--fail delivery.p98>50ms", "there is no metric \"delivery.p98\"")]
    [TestCase("--fail server.rss>50MB", "--fail server.rss>50MB needs --server-pid")]
    [TestCase("--server-pid 2147483647", "--server-pid")]
    [TestCase("--replay none.ndjson", "--replay none.ndjson: ")]
    [TestCase("--replay none.ndjson --rate 5", "--replay brings its own times and texts")]
    [TestCase("--speed 2", "--speed is that of --replay")]
    [TestCase("--replay none.ndjson --speed 0", "--speed must be 0.001 to 1000")]
    [TestCase("--find-max --rate 0", "--find-max begins at --rate, which can't be 0")]
    [TestCase("--find-max --hdr run.hlog", "--hdr is of one run, and --find-max makes many")]
    [TestCase("--hdr /nowhere/run.hlog", "--hdr: ")]
    [TestCase("--max-lateness -1", "--max-lateness")]
    [TestCase("--max-lag -1", "--max-lag")]
    [TestCase("--url wss://localhost/ws", "; by TLS there is --way ws-h2, with --h2-url")]
    [TestCase("--url nonsense", "ws://")]
    [TestCase("--nonsense", "--nonsense")]
    [TestCase("--url", "--url needs a value, such as --url ws://localhost:5080/ws")]
    [TestCase("--url ws://192.0.2.1/ws", "--allow-remote")]
    [TestCase("--fail", "--fail needs a value, such as --fail 'delivery.p99>50ms'")]
    [TestCase("--find-max --rate 0", "--find-max begins at --rate, which can't be 0")]
    public async Task Bad_options_give_one_clear_line_and_exit_code_2(string args, string names)
    {
        var (exitCode, output, error) = await RunAsync(args);
        exitCode.Should().Be(2);
        error.Should().StartWith("flood: ").And.Contain(names);
        error.TrimEnd().Should().NotContain("\n");
        output.Should().BeEmpty();
    }

    [Test]
    public async Task A_server_that_is_not_there_gives_one_clear_line_and_exit_code_3()
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
    public async Task A_server_that_accepts_and_says_nothing_gives_exit_code_3()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var (exitCode, _, error) = await RunAsync($"--url ws://{silent.LocalEndpoint}/ws --patience 0.2");
        exitCode.Should().Be(3);
        error.Should().Contain("no answer for 0.2 s");
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

    [TestCase(60_000, "lost>0", 0, "fine ")]
    [TestCase(60_000, "deliveries>49", 4, "over          deliveries>49 (50)")]
    [TestCase(60_000, "deliveries>50", 0, "fine ")]
    [TestCase(0, "lost>0", 5, "invalid       messages left late")]
    [TestCase(0, "deliveries>49", 5, "INVALID")]
    public async Task The_exit_code_says_how_it_went(double maxLateness, string fail, int expected, string line)
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, error) = await RunAsync($"{Small(room, maxLateness: maxLateness)} --fail lost>0 --fail {fail}");
        exitCode.Should().Be(expected, output);
        output.Should().Contain(line).And.MatchRegex("\nseed          [0-9]+\n");
        error.Should().BeEmpty();
    }

    [Test]
    public async Task A_loss_is_a_loss_in_an_invalid_run_too()
    {
        using var room = new FakeRoom { Deliver = (member, seq, frame) => (member, seq) == (3, 45) ? [] : [frame] }.Start();
        (await RunAsync($"{Small(room, maxLateness: 0)} --patience 1 --fail deliveries>0")).ExitCode.Should().Be(1);
    }

    [Test]
    public async Task Interrupted_before_all_are_connected_gives_130()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var stop = new CancellationTokenSource();
        using StringWriter output = new(), error = new();
        var running = FloodCommand.RunAsync(["--url", $"ws://{silent.LocalEndpoint}/ws"], output, error, stop.Token);
        using var connected = await silent.AcceptSocketAsync();
        await stop.CancelAsync();
        (await running.OrFail("the end")).Should().Be(130);
        error.ToString().Should().Be($"flood: interrupted before all were connected{Environment.NewLine}");
    }

    [Test]
    public async Task A_search_tells_its_steps_and_its_answer()
    {
        using var room = new FakeRoom().Start();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "run.json");
        var (exitCode, output, error) = await RunAsync(
            $"--url {room.Url} --connections 2 --rate 20 --seconds 0.2 --max-lateness 60000 --max-lag 60000 --find-max --fail sent>40 --json {file}");
        exitCode.Should().Be(0, error);
        output.Should().Contain("step          20/s  holds").And.Contain("step          40/s  breaks").And.Contain("highest       ");
        var found = JsonNode.Parse(await File.ReadAllTextAsync(file))!["findMax"]!;
        ((double)found["rate"]!).Should().BeInRange(20, 34, "a second of warm-up and 0.2 s: 33.3/s are 40 messages");
        ((string)found["limitedBy"]!).Should().Be("server");
    }

    [Test]
    public async Task A_search_in_which_nothing_holds_gives_4()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, _) = await RunAsync($"--url {room.Url} --connections 2 --rate 2 --seconds 1 --max-lateness 60000 --max-lag 60000 --find-max --fail lost==0");
        exitCode.Should().Be(4);
        output.Should().Contain("highest       none: not even 1 messages/s hold");
    }

    [Test]
    public async Task A_run_leaves_the_files_that_were_asked_for_and_says_nothing_meanwhile_where_it_is_quiet()
    {
        using var room = new FakeRoom().Start();
        using var folder = new TemporaryFolder();
        var (json, log) = (Path.Combine(folder.Path, "run.json"), Path.Combine(folder.Path, "run.hlog"));
        var (exitCode, output, error) = await RunAsync($"{Small(room, "1.5")} --quiet --json {json} --hdr {log}");
        exitCode.Should().Be(0, error);
        output.Should().NotContain("running");
        ((double)JsonNode.Parse(await File.ReadAllTextAsync(json))!["metrics"]!["deliveries"]!).Should().Be(5 * 75);
        using var reader = new HistogramLogReader(File.OpenRead(log));
        reader.ReadHistograms().Where(one => one.Tag == "delivery").Sum(one => one.TotalCount).Should().Be(5 * 75);
    }

    [Test]
    public async Task A_room_that_can_not_be_is_an_option_that_is_wrong()
    {
        using var room = new FakeRoom { Refuse = "bad-field" }.Start();
        var (exitCode, _, error) = await RunAsync(Small(room));
        (exitCode, error).Should().Be((2, $"flood: --room lobby: no such name{Environment.NewLine}"));
    }

    [TestCase("ws")]
    [TestCase("sse")]
    public async Task Where_there_are_no_more_sockets_it_says_so(string way)
    {
        using var room = new FakeRoom().Start();
        await using var http = await FakeHttpRoom.StartAsync();
        var said = await Shell.RunAsync(
            $"ulimit -n 200; dotnet {typeof(FloodCommand).Assembly.Location} --url {(way == "ws" ? room.Url : http.Url)} --way {way} --connections 300 --patience 5 2>&1; echo code $?");
        said.Should().MatchRegex("\nflood: only [0-9]+ of 300 connections could be made: no more sockets for this process: .*ulimit.*\n.*code 3\n");
    }

    [Test]
    public async Task A_fault_of_the_flood_itself_is_none_of_the_server()
    {
        using var room = new FakeRoom().Start();
        using StringWriter error = new();
        using var closed = new StringWriter();
        await closed.DisposeAsync();
        var exitCode = await FloodCommand.RunAsync(Small(room).Split(' '), closed, error, CancellationToken.None);
        exitCode.Should().Be(70);
        error.ToString().Should().StartWith("flood: a fault of the flood itself, not of the server: ").And.Contain(nameof(ObjectDisposedException));
    }

    [Test]
    public async Task A_room_is_named_as_the_server_names_it()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{Small(room)} --room #lobby");
        (exitCode, error).Should().Be((2, $"flood: --room #lobby: the server calls it lobby{Environment.NewLine}"));
    }

    [TestCase("", 2, "")]
    [TestCase("--fail lost==0", 4, "")]
    [TestCase("--json -", 2, "fine ")]
    public async Task An_output_that_is_full_hides_nothing_that_the_run_found(string more, int expected, string told)
    {
        using var room = new FakeRoom().Start();
        var said = await Shell.RunAsync($"dotnet {typeof(FloodCommand).Assembly.Location} {Small(room)} {more} 2>&1 >/dev/full; echo code $?");
        said.Should().MatchRegex($"{told}(.*\n)*flood: the output: .*\ncode {expected}\n").And.NotContain("fault");
    }

    [Test]
    public async Task JSON_for_a_pipe_is_alone_on_the_output()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, output, error) = await RunAsync($"{Small(room)} --json -");
        exitCode.Should().Be(0, error);
        ((double)JsonNode.Parse(output)!["metrics"]!["deliveries"]!).Should().Be(5 * 10);
        error.Should().Contain("published     10 of 10");
    }

    [Test]
    public async Task A_file_that_can_not_be_written_is_told_before_anything_is_sent()
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{Small(room)} --json /nowhere/run.json");
        (exitCode, room.Joined).Should().Be((2, 0));
        error.Should().StartWith("flood: --json: ");
    }

    [TestCase("lost>0", 2)]
    [TestCase("lost==0", 4)]
    public async Task A_full_disk_hides_nothing_that_the_run_found(string fail, int expected)
    {
        using var room = new FakeRoom().Start();
        var (exitCode, _, error) = await RunAsync($"{Small(room)} --fail {fail} --json /dev/full");
        exitCode.Should().Be(expected);
        error.Should().StartWith("flood: --json: ");
    }

    [Test]
    public async Task A_run_that_is_not_quiet_tells_a_line_a_second()
    {
        using var room = new FakeRoom().Start();
        var (_, output, _) = await RunAsync($"{Small(room, "1.5")}");
        output.Should().MatchRegex("\nrunning       1 s  [0-9]+ messages/s");
    }

    private static string Small(FakeRoom room, string seconds = "0.2", double maxLateness = 60_000) =>
        $"--url {room.Url} --connections 5 --publishers 2 --rate 50 --seconds {seconds} --max-lag 60000 --max-lateness {maxLateness}";

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string args)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await FloodCommand.RunAsync(args.Split(' '), output, error, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString());
    }
}
