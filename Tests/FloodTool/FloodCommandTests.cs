using System.Net;
using System.Net.Sockets;
using RawSocketChat.Tests.Flood;

namespace RawSocketChat.Tests.FloodTool;

public class FloodCommandTests
{
    [TestCase("--connections 0", "--connections")]
    [TestCase("--connections many", "many")]
    [TestCase("--rate -1", "--rate")]
    [TestCase("--seconds 4000", "--seconds")]
    [TestCase("--connections 5 --publishers 6", "--publishers")]
    [TestCase("--text-bytes 3", "--text-bytes")]
    [TestCase("--ramp 0", "--ramp")]
    [TestCase("--rate 1000000 --seconds 3600", "--rate times --seconds")]
    [TestCase("--url wss://localhost/ws", "ws://")]
    [TestCase("--url nonsense", "ws://")]
    [TestCase("--nonsense", "--nonsense")]
    [TestCase("--url", "--url")]
    [TestCase("--url ws://192.0.2.1/ws", "--allow-remote")]
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
        output.Should().Contain("--connections").And.Contain("Exit codes:").And.Contain("--Limits:Enabled=false");
        error.Should().BeEmpty();
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string args)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await FloodCommand.RunAsync(args.Split(' '), output, error, CancellationToken.None);
        return (exitCode, output.ToString(), error.ToString());
    }
}
