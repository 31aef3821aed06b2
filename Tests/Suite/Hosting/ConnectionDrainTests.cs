using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.Transports;

namespace RawSocketChat.Tests.Hosting;

/// <summary>
/// A connection that only waits for bytes from its peer does not delay the shutdown. The timeouts of requests and of the shutdown are an hour,
/// so these timeouts cannot end a connection in a test.
/// </summary>
[TestFixture("sockets")]
[TestFixture("kestrel")]
[Category(Categories.Slow)] // shuts servers down
public sealed class ConnectionDrainTests(string transport)
{
    [TestCase("")]
    [TestCase("GET /poll HT")]
    [TestCase("GET /poll HTTP/1.1\r\nHost: 127.0.0.1\r\nAcc")]
    [TestCase("POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"type\"")]
    [TestCase("POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")]
    [TestCase("GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")]
    [TestCase("GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")]
    [TestCase("GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /po")]
    public async Task Half_received_request_does_not_delay_the_shutdown(string request)
    {
        await using var server = await StartAsync();
        await using var connection = await ConnectAsync(server.HttpPort);
        await connection.WriteAsync(Encoding.ASCII.GetBytes(request));
        await ExpectArrivalAsync(server, connection, request);
        await server.StopAsync().OrFail("the shutdown");
        await ReadToEndAsync(connection);
    }

    [TestCase("")]
    [TestCase("GET /poll HT")]
    [TestCase("POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"type\"")]
    public async Task Half_received_request_over_TLS_does_not_delay_the_shutdown(string request)
    {
        await using var server = await StartAsync("--urls", "https://127.0.0.1:0");
        await using var connection = await ConnectAsync(server.HttpPort);
        await using var tls = new SslStream(connection, leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.GetCertHashString() == server.Certificate.GetCertHashString());
        await tls.AuthenticateAsClientAsync("127.0.0.1").OrFail("the handshake");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request));
        await server.StopAsync().OrFail("the shutdown");
    }

    // The client sends nothing, or the first five bytes of a ClientHello.
    [TestCase(new byte[] { })]
    [TestCase(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00 })]
    public async Task Incomplete_TLS_handshake_does_not_delay_the_shutdown(byte[] hello)
    {
        await using var server = await StartAsync("--urls", "https://127.0.0.1:0");
        await using var connection = await ConnectAsync(server.HttpPort);
        await connection.WriteAsync(hello);
        var watch = Stopwatch.StartNew();
        await server.StopAsync().OrFail("the shutdown");
        // Kestrel ends a handshake after 10 s.
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(9));
    }

    [Test]
    public async Task WebSocket_and_long_poll_still_get_the_reason_of_the_shutdown()
    {
        await using var server = await StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        using var bob = await HttpTestClient.StartSessionAsync(server.HttpPort, "bob");
        var first = await bob.GetAsync("/poll");
        var waiting = bob.GetAsync($"/longpoll?after={first.Next}");
        await server.WaitForWaitingReadsAsync(1);
        var stopping = server.StopAsync();
        (await ann.Closed.OrFail("the close frame")).Code.Should().Be(4001);
        (await waiting.OrFail("the answer")).Frames.Should().ContainSingle(frame => frame is ByeFrame);
        await ann.CloseAsync();
        await stopping.OrFail("the shutdown");
        await ann.DisposeAsync();
    }

    private Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartAsync(
        services =>
        {
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromHours(1));
            services.Configure<KestrelServerOptions>(options =>
            {
                options.Limits.RequestHeadersTimeout = TimeSpan.FromHours(1);
                options.Limits.MinRequestBodyDataRate = null;
            });
        },
        ["--Transport:Kind", transport, .. settings]);

    // Waits until the request has arrived. The server answers GET /nowhere as soon as it has the headers. The other requests are incomplete and get
    // no answer, so the method also waits for the answer to a later request of another client.
    private static async Task ExpectArrivalAsync(ServerUnderTest server, NetworkStream connection, string request)
    {
        if (request.StartsWith("GET /nowhere", StringComparison.Ordinal))
            (await connection.ReadAsync(new byte[1]).AsTask().OrFail("the answer")).Should().Be(1);
        using var other = await HttpTestClient.StartSessionAsync(server.HttpPort);
    }

    private static async Task<NetworkStream> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task ReadToEndAsync(NetworkStream connection)
    {
        try
        {
            await connection.CopyToAsync(Stream.Null).OrFail("the end of the connection");
        }
        catch (IOException)
        {
            // The connection was reset.
        }
    }
}
