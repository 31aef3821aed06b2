using System.Net.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>HTTP, WebSocket and raw TCP over Unix domain sockets.</summary>
[Category(Categories.Slow)] // starts server processes
[Parallelizable(ParallelScope.Self)]
public sealed class UnixSocketTests
{
    private TemporaryFolder _folder = null!;

    private string Web => Path.Combine(_folder.Path, "chat.sock");

    private string Raw => Path.Combine(_folder.Path, "raw.sock");

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task Server_serves_HTTP_and_raw_TCP_at_Unix_domain_sockets(string transport)
    {
        await using var server = await ServerProcess.StartAsync("--urls", $"http://unix:{Web}", "--RawTcp:Socket", Raw, "--Transport:Kind", transport);
        server.Lines[0].Should().Be($"RawSocketChat listens on http://unix:{Web} and unix:{Raw}");
        server.Lines[2].Should().Be($"To join: npx wscat -c 'ws+unix:{Web}:/ws?name=ann&room=lobby', or: nc -U {Raw}");

        using var http = CreateHttpClient();
        using var response = await http.PostAsync(new Uri("http://localhost/session"), new StringContent("""{"type":"hello","name":"ann"}"""));
        ((int)response.StatusCode).Should().Be(200);
        (await response.Content.ReadAsStringAsync()).Should().Contain("\"name\":\"ann\"");
        await using var upgrade = await ConnectAsync(Web);
        await upgrade.SendAsync("GET /ws?name=bob&format=text HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r");
        await upgrade.ExpectLineAsync("101 Switching Protocols");
        await using var line = await ConnectAsync(Raw);
        await line.SendAsync("/nick cid");
        await line.ExpectLineAsync("cid");

        (await server.TerminateAsync()).Should().Be(0);
        File.Exists(Web).Should().BeFalse();
        File.Exists(Raw).Should().BeFalse();
    }

    [Test]
    public async Task Server_replaces_the_socket_of_a_killed_server_but_not_the_socket_of_a_running_server()
    {
        await using (var killed = await ServerProcess.StartAsync("--urls", $"http://unix:{Web}"))
            await killed.KillAsync();
        File.Exists(Web).Should().BeTrue();
        await using var server = await ServerProcess.StartAsync("--urls", $"http://unix:{Web}");

        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", $"http://unix:{Web}"]);
        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain(Web).And.Contain("in use");
        using var http = CreateHttpClient();
        (await http.GetStringAsync(new Uri("http://localhost/readyz"))).Should().Be("ok\n");
    }

    [Test]
    public async Task Raw_TCP_port_ignores_Unix_domain_sockets_and_listens_on_the_hosts_of_the_other_addresses()
    {
        await using var server = await ServerProcess.StartAsync("--urls", $"http://unix:{Web};http://127.0.0.1:0", "--RawTcp:Port", $"{ServerUnderTest.FindFreePort()}");
        server.Lines[0].Should().MatchRegex($"listens on http://127.0.0.1:[0-9]+, http://unix:{Web} and tcp://127.0.0.1:[0-9]+$");
    }

    [Test]
    public async Task Peer_of_a_Unix_domain_socket_is_trusted_as_this_machine()
    {
        await using var server = await ServerProcess.StartAsync("--urls", $"http://unix:{Web}", "--Proxies:Trusted:0", "127.0.0.1");
        using var http = CreateHttpClient();
        http.DefaultRequestHeaders.Add("X-Forwarded-Host", "its.example");
        (await (await http.GetAsync(new Uri("http://localhost/poll"))).Content.ReadAsStringAsync()).Should().Contain("http://its.example/session");
    }

    private static Task<LineClient> ConnectAsync(string path) => LineClient.ConnectAsync(new UnixDomainSocketEndPoint(path));

    private HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Web), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
