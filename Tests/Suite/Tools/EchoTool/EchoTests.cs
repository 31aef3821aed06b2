using System.Diagnostics;
using System.Net;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.EchoTool;

/// <summary>Tests the echo server as a process, because conformance suites use it in this form.</summary>
[Category(Categories.Slow)] // starts server processes
[Parallelizable(ParallelScope.Self)]
public sealed class EchoTests
{
    private Process _echo = null!;
    private int _port;

    [OneTimeSetUp]
    public async Task StartEcho()
    {
        _port = ServerUnderTest.FindFreePort();
        _echo = Process.Start(new ProcessStartInfo("dotnet", [typeof(Echo.EchoHandler).Assembly.Location, "--urls", $"http://127.0.0.1:{_port}"])
        {
            RedirectStandardOutput = true,
        })!;
        _ = _echo.StandardOutput.ReadToEndAsync();
        await TestWait.UntilAsync(() => CanConnect(_port), "the echo to listen");
    }

    [OneTimeTearDown]
    public void StopEcho()
    {
        _echo.Kill();
        _echo.Dispose();
    }

    [TestCase(0)]
    [TestCase(125)]
    [TestCase(126)]
    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(16 * 1024 * 1024)]
    public async Task Server_echoes_text_and_binary_messages_of_any_size(int length)
    {
        await using var client = await ChatClient.ConnectAsync(_port, "/echo", frames: false);
        await client.SendAsync(Opcode.Text, [.. Enumerable.Repeat((byte)'a', length)]);
        await client.SendAsync(Opcode.Binary, [.. Enumerable.Repeat((byte)'b', length)]);
        await TestWait.UntilAsync(() => client.LineCount == 2, "both echoes");
        client.Lines.Select(line => line.Length).Should().Equal(length, length);
        client.Lines[1].Should().NotContain("a");
    }

    [TestCase(0)]
    [TestCase(5)]
    [TestCase(65_536)]
    [TestCase(16 * 1024 * 1024)]
    public async Task Server_compresses_its_echo_of_a_compressed_message_of_any_size(int length)
    {
        await using var client = await ChatClient.ConnectAsync(_port, "/echo", frames: false, deflate: [new DeflateOffer()]);
        await client.SendAsync(Opcode.Text, [.. Enumerable.Repeat((byte)'a', length)]);
        await TestWait.UntilAsync(() => client.LineCount == 1, "the echo");
        client.Lines.Single().Should().Be(new string('a', length));
        client.ReceivedBytes.Should().BeLessThan(10 + length / 100 + 10);
    }

    [Test]
    public async Task Server_closes_a_message_over_16_MiB_with_1009_and_sends_nothing_else()
    {
        await using var client = await ChatClient.ConnectAsync(_port, "/echo", frames: false);
        await client.SendBytesAsync(new byte[] { 0x81, 0xFF, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0 });
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);
        client.Lines.Should().BeEmpty();
    }

    [Test]
    public async Task Server_answers_a_ping_between_fragments_and_then_echoes_the_message()
    {
        await using var client = await ChatClient.ConnectAsync(_port, "/echo", frames: false);
        await client.SendBytesAsync(new byte[] { 0x01, 0x81, 0, 0, 0, 0, (byte)'H', 0x89, 0x80, 0, 0, 0, 0, 0x80, 0x81, 0, 0, 0, 0, (byte)'i' });
        await TestWait.UntilAsync(() => client.LineCount == 1, "the echo");
        client.Lines.Should().Equal("Hi");
        client.Pongs.Should().Be(1);
    }

    private static bool CanConnect(int port)
    {
        try
        {
            using var probe = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
