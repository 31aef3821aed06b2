using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>Who ends their side of the connection reads on: also one that has posted, or only half of it. Who waits for frames is gone by that.</summary>
[TestFixture("sockets")]
[TestFixture("kestrel")]
public sealed class HalfBodyTests(string kind)
{
    // The end comes with the body, a little later, or much later: as it happens.
    private const int Times = 20;

    private readonly RecordedLog _log = new(LogLevel.Warning);
    private ServerUnderTest _server = null!;
    private HttpAsker _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(_log)), "--Transport:Kind", kind, "--Limits:Enabled", "false");
        _ann = await HttpAsker.BeginAsync(_server.HttpPort);
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
    public async Task Half_a_body_is_answered_by_what_is_wrong_with_it(string path, string rest)
    {
        for (var i = 0; i < Times; i++)
        {
            var answer = await AskAndEndAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\n{rest}");
            answer.Should().StartWith("HTTP/1.1 400 ").And.Contain("\"code\":\"bad-frame\"").And.Contain("broken off");
        }
    }

    [Test]
    public async Task Half_a_body_that_nobody_wants_is_answered_by_why()
    {
        for (var i = 0; i < Times; i++)
            (await AskAndEndAsync("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n{\"type\":")).Should().StartWith("HTTP/1.1 401 ").And.Contain("\"code\":\"not-allowed\"");
    }

    [TestCase("/send", "pong")]
    [TestCase("/session", "unknown-type")]
    public async Task A_whole_one_is_answered_as_ever(string path, string awaited)
    {
        for (var i = 0; i < Times; i++)
            (await AskAndEndAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 15\r\n\r\n{{\"type\":\"ping\"}}")).Should().StartWith("HTTP/1.1 ").And.Contain(awaited);
    }

    [Test]
    public async Task A_second_request_of_the_connection_is_answered_too()
    {
        var whole = $"POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\nContent-Length: 15\r\n\r\n{{\"type\":\"ping\"}}";
        (await AskAndEndAsync(whole, $"GET /poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_ann.Token}\r\n\r\n", whole[..^5]))
            .Should().Contain("\"type\":\"pong\"").And.Contain("\"next\":").And.Contain("HTTP/1.1 400 ");
    }

    [TestCase("/longpoll?wait=60")]
    [TestCase("/stream")]
    public async Task Who_waits_for_frames_and_ends_their_side_is_gone(string path)
    {
        using var own = await HttpAsker.BeginAsync(_server.HttpPort);
        var next = (await own.GetAsync("/poll")).Next;
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}after={next} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {own.Token}\r\n\r\n"));
        await _server.AttendedAsync(1);
        socket.Shutdown(SocketShutdown.Send);
        await Patience.UntilAsync(() => _server.Services.GetRequiredService<HttpSessions>().AttendedCount == 0, "the request to end");
    }

    [Test]
    public async Task Who_breaks_off_in_the_middle_of_a_body_is_of_no_concern_to_anybody()
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

    /// <summary>Sends the requests, each but the first once the one before is answered; ends its side behind the last, and reads to the end.</summary>
    private async Task<string> AskAndEndAsync(params string[] requests)
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
