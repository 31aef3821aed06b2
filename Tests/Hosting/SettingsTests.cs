using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>A bad setting stops the start with one line that names it, and exit code 1.</summary>
public sealed class SettingsTests
{
    [TestCase("--Limits:FrameBytes", "abc", "--Limits:FrameBytes: \"abc\" is not a whole number from 1024 to 16777216")]
    [TestCase("--Limits:Enabled", "perhaps", "--Limits:Enabled: \"perhaps\" is not true or false")]
    [TestCase("--Limits:FrameBytes", "3", "--Limits:FrameBytes: 3 is not from 1024 to 16777216")]
    [TestCase("--RawTcp:Port", "70000", "--RawTcp:Port")]
    [TestCase("--Data:KeepEvents", "-1", "--Data:KeepEvents")]
    [TestCase("--Data:KeepDays", "-1", "--Data:KeepDays")]
    [TestCase("--Data:Durability", "fully", "--Data:Durability: \"fully\" is not full, process, none")]
    [TestCase("--Data:Path", "/dev/null/data", "--Data:Path: the folder \"/dev/null/data\" cannot be made")]
    [TestCase("--Sessions:GuestMinutes", "0", "--Sessions:GuestMinutes")]
    [TestCase("--Sessions:AccountDays", "0", "--Sessions:AccountDays: 0 is not from 1 to 3650")]
    [TestCase("--Sessions:PerAccount", "0", "--Sessions:PerAccount: 0 is not from 1 to 10000")]
    [TestCase("--Limits:LoginAttemptsPerName", "0", "--Limits:LoginAttemptsPerName")]
    [TestCase("--Limits:LoginAttemptsPerAddress", "x", "--Limits:LoginAttemptsPerAddress")]
    [TestCase("--Rooms:QueuedCommands", "0", "--Rooms:QueuedCommands")]
    [TestCase("--Connections:PingSeconds", "0", "--Connections:PingSeconds")]
    [TestCase("--Connections:FirstFrameSeconds", "0", "--Connections:FirstFrameSeconds: 0 is not from 1 to 3600")]
    [TestCase("--RawTcp:PolicyDomains:0", "http://example.org/", "--RawTcp:PolicyDomains:0: \"http://example.org/\" is not a host; try: example.org")]
    [TestCase("--Deflate:Enabled", "yes", "--Deflate:Enabled: \"yes\" is not true or false")]
    [TestCase("--Deflate:MinBytes", "0", "--Deflate:MinBytes: 0 is not from 1 to 16777216")]
    [TestCase("--Deflate:Level", "10", "--Deflate:Level: 10 is not from 1 to 9")]
    [TestCase("--Deflate:ClientContextTakeover", "1", "--Deflate:ClientContextTakeover: \"1\" is not true or false")]
    [TestCase("--Transport:Kind", "libuv", "--Transport:Kind: \"libuv\" is not sockets, kestrel")]
    [TestCase("--Transport:Takeover", "perhaps", "--Transport:Takeover: \"perhaps\" is not true or false")]
    [TestCase("--Fanout:GatherMilliseconds", "1001", "--Fanout:GatherMilliseconds: 1001 is not from 0 to 1000")]
    [TestCase("--Transport:Kinds", "kestrel", "did you mean --Transport:Kind?")]
    [TestCase("--Limits:FrameByte", "5000", "did you mean --Limits:FrameBytes?")]
    [TestCase("--Origins:Alowed:0", "https://x", "did you mean --Origins:Allowed?")]
    [TestCase("--urls", "nonsense", "--urls: \"nonsense\" is not an address to listen on; try: --urls http://localhost:5080")]
    [TestCase("--urls", "ftp://localhost:1", "--urls")]
    public async Task A_bad_setting_is_named_in_one_line(string setting, string value, string part)
    {
        string[] elsewhere = setting == "--urls" ? [] : ["--urls", "http://127.0.0.1:0"];
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync([.. elsewhere, setting, value]);

        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain(part);
        output.Should().BeEmpty();
    }

    [Test]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        var (_, _, error) = await ServerProcess.RunToEndAsync(["--Limits:FrameBytes", "3", "--Sessions:Most", "many", "--Rooms:Tail", "1"]);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should()
            .Contain("--Limits:FrameBytes").And.Contain("--Sessions:Most").And.Contain("--Rooms:Tail").And.Contain("--Rooms:TailBytes");
    }

    [Test]
    public async Task A_setting_may_come_from_the_environment()
    {
        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", "http://127.0.0.1:0"], ("RSC_Limits__TextLength", "0"));
        exitCode.Should().Be(1);
        error.Should().Contain("--Limits:TextLength");
    }

    [TestCase("sockets", true)]
    [TestCase("kestrel", false)]
    public async Task What_lies_between_Kestrel_and_the_sockets_is_a_setting(string kind, bool isOurs)
    {
        await using var server = await ServerUnderTest.StartAsync("--Transport:Kind", kind);
        server.Services.GetServices<IConnectionListenerFactory>().Any(factory => factory is SocketTransport).Should().Be(isOurs);
        new TransportOptions().Kind.Should().Be(TransportKind.Sockets);
    }

    [Test]
    public async Task A_port_in_use_is_named_in_one_line()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0"]);
        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("--urls").And.Contain($"{port}").And.Contain("in use");
    }

    [Test]
    public async Task The_start_tells_in_three_lines_how_to_join_and_the_end_is_orderly()
    {
        var (http, raw) = (ServerUnderTest.FreePort(), ServerUnderTest.FreePort());
        await using var server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}");
        server.Lines.Should().HaveCount(3);
        server.Lines[0].Should().Contain($"http://127.0.0.1:{http}").And.Contain($"{raw}");
        server.Lines[2].Should().Contain($"ws://127.0.0.1:{http}/ws?name=ann&room=lobby").And.Contain($"nc 127.0.0.1 {raw}");
        (await server.TerminateAsync()).Should().Be(0);
    }

    [TestCase("127.0.0.1 localhost", "localhost")]
    [TestCase("localhost [::1] 127.0.0.1 192.0.2.7", "localhost 192.0.2.7")]
    [TestCase("127.0.0.1 [::1]", "127.0.0.1 [::1]")]
    [TestCase("localhost 0.0.0.0", "0.0.0.0")]
    [TestCase("localhost * 127.0.0.1", "*")]
    [TestCase("127.0.0.1 [::]", "[::]")]
    public void The_raw_port_is_bound_once_where_two_addresses_are_the_same_host(string hosts, string bound) =>
        Listening.WithoutCovered(hosts.Split(' ')).Should().Equal(bound.Split(' '));
}
