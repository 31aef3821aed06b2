using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>The memory that clients of the HTTP transports can occupy in the server is limited.</summary>
public sealed class HttpMemoryTests
{
    private const string FullPages = """{"type":"history","room":"lobby","limit":200}""";

    private ServerUnderTest _server = null!;

    private HttpEndpoint Endpoint => _server.Services.GetRequiredService<HttpEndpoint>();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task OutboxBytes_limits_the_answers_to_a_POST_and_the_server_rejects_the_remaining_frames()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:MessageBurst", "1000", "--Limits:OutboxBytes", "524288");
        await FillLobbyAsync();
        using var mallory = await HttpTestClient.StartSessionAsync(_server.HttpPort, "mallory");
        var frames = Enumerable.Range(0, 100).Select(i => FullPages.Replace("}", $",\"id\":{i}}}", StringComparison.Ordinal));
        var response = await mallory.SendAsync($"[{string.Join(',', frames)}]");

        var answers = response.Answers;
        answers.Should().HaveCount(100, "every frame is answered");
        var pages = answers.OfType<HistoryFrame>().Count();
        pages.Should().BeInRange(1, 20);
        answers.Take(pages).Should().AllBeOfType<HistoryFrame>();
        var rejection = answers[^1].Should().BeOfType<ErrorFrame>().Subject;
        rejection.Id.Should().Be(FrameId.From(99));
        rejection.Error.Code.Should().Be(ErrorCode.RateLimited);
        rejection.Error.RetryAfterMs.Should().BePositive();

        (await mallory.SendAsync(FullPages)).Answers.Should().ContainSingle().Which.Should().BeOfType<HistoryFrame>("the client has read its answers");
        await TestWait.UntilAsync(() => Endpoint.Answers.Bytes == 0, "the release of the counted bytes");
    }

    [Test]
    public async Task Answers_of_a_client_that_reads_nothing_are_dropped_after_the_stall_timeout()
    {
        _server = await ServerUnderTest.StartWithTlsAsync("--Limits:MessageBurst", "1000", "--Connections:StallSeconds", "1");
        using var mallory = new Http2Client(_server);
        await FillLobbyAsync(mallory);
        var token = await StartSessionAsync(mallory);
        // The client reads only the headers: the flow control of the stream stops the body after 64 KiB.
        using var response = await mallory.SendAsync(HttpMethod.Post, "/send", request =>
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            request.Content = new StringContent($"[{string.Join(',', Enumerable.Repeat(FullPages, 20))}]");
        });
        Endpoint.Answers.Bytes.Should().BeGreaterThan(64 * 1024);
        await TestWait.UntilAsync(() => Endpoint.Answers.Bytes == 0, "the end of the unread response");
        var read = async () => await response.Content.ReadAsByteArrayAsync().OrFail("the rest of the body");
        await read.Should().ThrowAsync<HttpRequestException>("the server has reset the stream");
    }

    [Test]
    public async Task Unread_page_counts_as_a_connection_of_the_address_until_the_stall_timeout()
    {
        _server = await ServerUnderTest.StartWithTlsAsync("--Addresses:ChargeLoopback", "true", "--Addresses:Connections", "1", "--Connections:StallSeconds", "1");
        using var mallory = new Http2Client(_server);
        // The client reads only the headers: the flow control of the stream stops the body.
        using var unread = await mallory.SendAsync(HttpMethod.Get, "/");
        (await GetPageAsync()).Should().Be(HttpStatusCode.TooManyRequests, "the server keeps a part of the unread page");
        await TestWait.UntilAsync(async () => await GetPageAsync() == HttpStatusCode.OK, "the end of the unread response");
        var read = async () => await unread.Content.ReadAsByteArrayAsync().OrFail("the rest of the page");
        await read.Should().ThrowAsync<HttpRequestException>("the server has reset the stream");

        async Task<HttpStatusCode> GetPageAsync()
        {
            using var response = await mallory.SendAsync(HttpMethod.Get, "/");
            await response.Content.ReadAsByteArrayAsync();
            return response.StatusCode;
        }
    }

    [Test]
    public async Task Server_drops_a_body_after_WholeFrameSeconds_even_if_its_bytes_still_arrive()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        _server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Connections:WholeFrameSeconds", "90");
        using var mallory = await HttpTestClient.StartSessionAsync(_server.HttpPort);
        using var socket = await SendPartOfBodyAsync(mallory.Token!, bodyBytes: 400_000, sentBytes: 100_000);
        for (var second = 1; second < 90; second++)
        {
            var expected = 100_000 + second;
            await socket.SendAsync("x"u8.ToArray());
            await TestWait.UntilAsync(() => Endpoint.Bodies.Bytes == expected, "the next byte");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        time.Advance(TimeSpan.FromSeconds(1));
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        (await reader.ReadToEndAsync().OrFail("the end of the connection")).Should().StartWith("HTTP/1.1 408 ").And.Contain("\"code\":\"bad-frame\"");
        await TestWait.UntilAsync(() => Endpoint.Bodies.Bytes == 0, "the release of the counted bytes");
    }

    [Test]
    public async Task Server_rejects_a_large_body_while_other_bodies_use_up_BodyBytes()
    {
        _server = await ServerUnderTest.StartAsync("--Http:BodyBytes", "1048576");
        using var ann = await HttpTestClient.StartSessionAsync(_server.HttpPort, "ann");
        var mallory = new List<Socket>();
        try
        {
            for (var i = 0; i < 3; i++)
                mallory.Add(await SendPartOfBodyAsync(ann.Token!, bodyBytes: 400_000, sentBytes: 345_000));
            await TestWait.UntilAsync(() => Endpoint.Bodies.Bytes >= 1_035_000, "the parts of the bodies");

            var large = $$"""{"type":"say","room":"lobby","text":"{{new string('x', 30_000)}}"}""";
            _ = (await ann.SendAsync(large)).ShouldBe(429, ErrorCode.RateLimited);
            (await ann.SendAsync("""{"type":"join","room":"lobby"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<JoinedFrame>("a small body is always read");
            Endpoint.Bodies.Bytes.Should().BeLessThan(2 * 1024 * 1024);
        }
        finally
        {
            mallory.ForEach(socket => socket.Dispose());
        }

        await TestWait.UntilAsync(() => Endpoint.Bodies.Bytes == 0, "the end of the bodies");
    }

    private async Task FillLobbyAsync(Http2Client? http2 = null)
    {
        var text = new string('x', 4000);
        var frames = Enumerable.Range(0, 50).Select(_ => $$"""{"type":"say","room":"lobby","text":"{{text}}"}""").Prepend("""{"type":"join","room":"lobby"}""");
        var body = $"[{string.Join(',', frames)}]";
        if (http2 is null)
        {
            using var writer = await HttpTestClient.StartSessionAsync(_server.HttpPort, "writer");
            (await writer.SendAsync(body)).Answers.Should().HaveCountGreaterThan(50);
            return;
        }

        var token = await StartSessionAsync(http2);
        using var response = await http2.SendAsync(HttpMethod.Post, "/send", request =>
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            request.Content = new StringContent(body);
        });
        await response.Content.ReadAsByteArrayAsync().OrFail("the acks");
    }

    private static async Task<string> StartSessionAsync(Http2Client client)
    {
        using var response = await client.SendAsync(HttpMethod.Post, "/session", request => request.Content = new StringContent("""{"type":"hello"}"""));
        ChatCodec.TryReadServer(await response.Content.ReadAsByteArrayAsync(), out var frame).Should().BeTrue();
        return frame.Should().BeOfType<WelcomeFrame>().Which.Session;
    }

    private async Task<Socket> SendPartOfBodyAsync(string token, int bodyBytes, int sentBytes)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _server.HttpPort);
        var head = $"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Length: {bodyBytes}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head + new string(' ', sentBytes)));
        return socket;
    }
}
