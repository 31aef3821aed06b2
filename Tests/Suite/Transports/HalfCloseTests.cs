using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// A client that shuts down its sending side (half-close) still gets the answer to its request, even if the request is an incomplete POST.
/// If the request waits for frames, the server ends the request, because it treats the client as gone.
/// </summary>
[TestFixture("sockets")]
[TestFixture("kestrel")]
public sealed class HalfCloseTests(string kind)
{
    // Each test repeats its requests, because the end of the stream may arrive with the body, a little later, or much later.
    private const int Times = 20;

    private readonly RecordedLog _log = new(LogLevel.Warning);
    private ServerUnderTest _server = null!;
    private HttpTestClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(_log)), "--Transport:Kind", kind, "--Limits:Enabled", "false");
        _ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
        _log.Lines.Should().BeEmpty();
        _log.Dispose();
    }

    [TestCase("/send", "Content-Length: 40\r\n\r\n{\"type\":")]
    [TestCase("/session", "Content-Length: 40\r\n\r\n{\"type\":")]
    [TestCase("/send", "Content-Length: 40\r\n\r\n")]
    [TestCase("/send", "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"type\":")]
    [TestCase("/send", "Transfer-Encoding: chunked\r\n\r\n")]
    public async Task Server_rejects_an_incomplete_body_and_explains_why(string path, string rest)
    {
        for (var i = 0; i < Times; i++)
        {
            var answer = await RequestAndHalfCloseAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\n{rest}");
            answer.Should().StartWith("HTTP/1.1 400 ").And.Contain("\"code\":\"bad-frame\"").And.Contain("incomplete");
        }
    }

    [Test]
    public async Task Server_rejects_an_incomplete_body_of_a_request_without_a_session()
    {
        for (var i = 0; i < Times; i++)
            (await RequestAndHalfCloseAsync("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n{\"type\":")).Should().StartWith("HTTP/1.1 401 ").And.Contain("\"code\":\"not-allowed\"");
    }

    [TestCase("/send", "pong")]
    [TestCase("/session", "unknown-type")]
    public async Task Server_answers_a_complete_body_of_a_half_closed_connection(string path, string awaited)
    {
        for (var i = 0; i < Times; i++)
            (await RequestAndHalfCloseAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 15\r\n\r\n{{\"type\":\"ping\"}}")).Should().StartWith("HTTP/1.1 ").And.Contain(awaited);
    }

    [Test]
    public async Task Server_answers_several_requests_of_one_connection()
    {
        var whole = $"POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 15\r\n\r\n{{\"type\":\"ping\"}}";
        (await RequestAndHalfCloseAsync(whole, $"GET /poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\n\r\n", whole[..^5]))
            .Should().Contain("\"type\":\"pong\"").And.Contain("\"next\":").And.Contain("HTTP/1.1 400 ");
    }

    [TestCase("/")]
    [TestCase("/poll")]
    [TestCase("/longpoll")]
    [TestCase("/poll?after=x")]
    public async Task Server_answers_a_GET_that_does_not_wait(string path)
    {
        // The session keeps the frames that are not confirmed, at least the welcome. So the server answers each request immediately.
        using var own = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        await own.GetAsync("/poll");
        for (var i = 0; i < Times; i++)
        {
            (await RequestAndHalfCloseAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.Token}\r\n\r\n"))
                .Should().StartWith($"HTTP/1.1 {(path.EndsWith('x') ? 400 : 200)} ").And.EndWith(path == "/" ? "</html>\n" : "}");
        }
    }

    [TestCase("GET / HTTP/1.0\r\n\r\n", 200)]
    [TestCase("HEAD / HTTP/1.0\r\n\r\n", 200)]
    [TestCase("GET /poll HTTP/1.0\r\n\r\n", 401)]
    [TestCase("GET /nowhere HTTP/1.0\r\n\r\n", 404)]
    [TestCase("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404)]
    [TestCase("DELETE /send HTTP/1.1\r\nHost: x\r\n\r\n", 405)]
    [TestCase("PUT /send HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", 405)]
    [TestCase("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", 426)]
    [TestCase("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\n\r\n", 426)]
    [TestCase("GET /poll HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 401)]
    public async Task Server_answers_every_request_that_does_not_wait(string request, int status)
    {
        for (var i = 0; i < Times; i++)
            (await RequestAndHalfCloseAsync(request)).Should().StartWith($"HTTP/1.1 {status} ");
    }

    [Test]
    public async Task Server_answers_the_first_poll_of_a_session()
    {
        for (var i = 0; i < Times; i++)
        {
            await using var program = await ChatClient.ConnectAsync(_server.HttpPort);
            var token = (await program.Inbox.ExpectAsync<RawSocketChat.Protocol.Chat.WelcomeFrame>()).Session;
            (await RequestAndHalfCloseAsync($"GET /poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")).Should().StartWith("HTTP/1.1 200 ").And.Contain("welcome");
        }
    }

    [TestCase("/longpoll?wait=60")]
    [TestCase("/stream")]
    public async Task Waiting_request_ends_when_the_client_shuts_down_its_sending_side(string path)
    {
        using var own = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        var next = (await own.GetAsync("/poll")).Next;
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}after={next} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.Token}\r\n\r\n"));
        await _server.WaitForWaitingReadsAsync(1);
        socket.Shutdown(SocketShutdown.Send);
        await TestWait.UntilAsync(() => _server.Services.GetRequiredService<HttpSessionRegistry>().WaitingReadCount == 0, "the request to end");
    }

    [Test]
    public async Task Reset_in_the_middle_of_a_body_affects_no_other_request()
    {
        for (var i = 0; i < Times; i++)
        {
            using var socket = await ConnectAsync();
            await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 40\r\n\r\n{{"));
            socket.Close(timeout: 0);
        }

        (await _ann.SendAsync("""{"type":"ping"}""")).Status.Should().Be(200);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", _server.HttpPort);
        return socket;
    }

    /// <summary>
    /// Sends each request after the answer to the previous one. Shuts down the sending side after the last request, and reads to the end of
    /// the stream.
    /// </summary>
    private async Task<string> RequestAndHalfCloseAsync(params string[] requests)
    {
        using var socket = await ConnectAsync();
        var (buffer, got) = (new byte[8192], new StringBuilder());
        foreach (var request in requests)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(request));
            if (request != requests[^1])
                got.Append(Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer).OrFail("an answer")));
        }

        socket.Shutdown(SocketShutdown.Send);
        while (await socket.ReceiveAsync(buffer).OrFail("the end of the connection") is > 0 and var count)
            got.Append(Encoding.UTF8.GetString(buffer, 0, count));
        return got.ToString();
    }
}
