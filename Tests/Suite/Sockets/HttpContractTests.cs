using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>Kestrel's requirements for a socket transport. This project's transport and Kestrel's own transport must both pass these tests.</summary>
[TestFixture(true)]
[TestFixture(false)]
[Category(Categories.Slow)] // waits for timeouts of Kestrel
public sealed class HttpContractTests(bool useOwnTransport)
{
    private HttpApp _app = null!;

    [SetUp]
    public async Task StartApp() => _app = await HttpApp.StartAsync(useOwnTransport);

    [TearDown]
    public async Task StopApp() => await _app.DisposeAsync();

    [Test]
    public async Task Connection_serves_requests_one_after_another()
    {
        using var peer = await ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            await SendAsync(peer, Get($"/hello/{i}"));
            (await ReceiveUntilAsync(peer, $"hello {i}\r\n0\r\n\r\n")).Should().StartWith("HTTP/1.1 200");
        }
    }

    [Test]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        using var peer = await ConnectAsync();
        await SendAsync(peer, string.Concat(Enumerable.Range(0, 200).Select(i => Get($"/hello/{i}"))));
        var all = await ReceiveUntilAsync(peer, "hello 199");
        var places = Enumerable.Range(0, 200).Select(i => all.IndexOf($"hello {i}", StringComparison.Ordinal)).ToList();
        places.Should().BeInAscendingOrder().And.NotContain(-1);
    }

    [Test]
    public async Task Request_can_arrive_byte_by_byte()
    {
        using var peer = await ConnectAsync();
        foreach (var letter in Get("/hello/slowly") + Post("/length", "4", "abcd"))
            await SendAsync(peer, $"{letter}");
        (await ReceiveUntilAsync(peer, "\r\n4\r\n")).Should().Contain("hello slowly");
    }

    [TestCase("http", 1)]
    [TestCase("https", 1)]
    [TestCase("https", 2)]
    public async Task Long_response_to_a_slow_reader_is_buffered_within_bounds(string scheme, int version)
    {
        using var http = _app.MakeClient(version == 1 ? HttpVersion.Version11 : HttpVersion.Version20);
        using var response = await http.GetAsync(Address(scheme, "/body"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await WaitUntilWritingStopsAsync();

        // The limit is more than the system buffers of a loopback connection can hold, and less than half of the body.
        const int Bound = 20_000_000;
        _app.Written.Should().BeInRange(1, Bound);
        var buffer = new byte[100_000];
        for (var place = 0L; ;)
        {
            var read = await body.ReadAsync(buffer).AsTask().OrFail("the body");
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] != HttpApp.GetByteAt(place + i))
                    Assert.Fail($"the byte at {place + i} is wrong");
            }

            place += read;
            (_app.Written - place).Should().BeLessThan(Bound);
            if (read > 0)
                continue;
            place.Should().Be(HttpApp.BodyBytes);
            break;
        }
    }

    [TestCase("http")]
    [TestCase("https")]
    public async Task Long_body_is_echoed_while_it_is_sent(string scheme)
    {
        var sent = new byte[30_000_000];
        Random.Shared.NextBytes(sent);
        using var peer = await ConnectAsync(scheme == "http" ? _app.Port : _app.TlsPort);
        await using var stream = await _app.StreamOverAsync(peer, overTls: scheme == "https");
        var sending = Task.Run(async () =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Post("/echo", $"{sent.Length}", "")));
            await stream.WriteAsync(sent);
        });
        var head = new List<byte>();
        while (head is not [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
            head.Add((byte)stream.ReadByte());
        Encoding.ASCII.GetString([.. head]).Should().Contain("200 OK");
        var received = new byte[sent.Length];
        await stream.ReadExactlyAsync(received).AsTask().OrFail("the echo");
        received.AsSpan().SequenceEqual(sent).Should().BeTrue();
        await sending;
    }

    [Test]
    public async Task Long_body_is_echoed_over_HTTP2_while_it_is_sent()
    {
        using var http = _app.MakeClient(HttpVersion.Version20);
        var sent = new byte[30_000_000];
        Random.Shared.NextBytes(sent);
        using var request = new HttpRequestMessage(HttpMethod.Post, Address("https", "/echo")) { Content = new DuplexContent(sent), Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).OrFail("the response");
        var received = await response.Content.ReadAsByteArrayAsync().OrFail("the echo");
        received.AsSpan().SequenceEqual(sent).Should().BeTrue();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Request_is_aborted_when_the_client_disconnects_even_if_the_application_reads_nothing(bool byReset)
    {
        using var peer = await ConnectAsync();
        await SendAsync(peer, Get($"/wait/{byReset}"));
        await ReceiveUntilAsync(peer, "waiting");
        peer.Close(byReset ? 0 : -1);
        await _app.AbortedAsync($"{byReset}").OrFail("the request to be aborted");
    }

    [Test]
    public async Task Server_stops_writing_a_response_when_the_peer_resets_the_connection()
    {
        using (var peer = await ConnectAsync())
        {
            await SendAsync(peer, Get("/body"));
            await ReceiveUntilAsync(peer, "200 OK");
            await WaitUntilWritingStopsAsync();
            peer.Close(timeout: 0);
        }

        var written = _app.Written;
        written.Should().BePositive().And.BeLessThan(HttpApp.BodyBytes);
        using var next = await ConnectAsync();
        await SendAsync(next, Get("/hello/next"));
        await ReceiveUntilAsync(next, "hello next");
    }

    [Test]
    public async Task Kestrels_limits_close_slow_connections()
    {
        var grace = TimeSpan.FromSeconds(1.1);
        await using var strict = await HttpApp.StartAsync(useOwnTransport, limits =>
        {
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(1);
            limits.MinRequestBodyDataRate = new MinDataRate(1_000_000, grace);
            // Kestrel allows the time that the buffered bytes (a few megabytes) need at this rate. A high rate keeps this time short.
            limits.MinResponseDataRate = new MinDataRate(100_000_000, grace);
        });
        await Task.WhenAll(
            EndsAsync(Get("/hello/x")[..^5], "408"),
            EndsAsync(Get("/hello/x"), "hello x"),
            EndsAsync(Post("/length", "1000000", "ab"), "408"),
            IsResetAsync());

        async Task EndsAsync(string request, string answer)
        {
            using var peer = await ConnectAsync(strict.Port);
            await SendAsync(peer, request);
            (await ReceiveToEndAsync(peer)).Should().Contain(answer);
        }

        async Task IsResetAsync()
        {
            using var peer = await ConnectAsync(strict.Port);
            await SendAsync(peer, Get("/body"));
            await ReceiveUntilAsync(peer, "200 OK");
            // From here on, the peer reads nothing until the server has reset the connection.
            await TestWait.UntilAsync(() => peer.Poll(0, SelectMode.SelectError) || IsReset(peer), "the reset");
        }
    }

    [Test]
    public async Task Direct_send_does_not_bypass_TLS_or_HTTP2()
    {
        using var h1 = _app.MakeClient(HttpVersion.Version11);
        using var h2 = _app.MakeClient(HttpVersion.Version20);
        (await h1.GetStringAsync(Address("http", "/direct"))).Should().Be($"{useOwnTransport} False");
        (await h1.GetStringAsync(Address("https", "/direct"))).Should().Be("False False");
        (await h2.GetStringAsync(Address("https", "/direct"))).Should().Be("False False");
    }

    [Test]
    public async Task Transport_offers_all_features_of_Kestrels_own_transport()
    {
        await using var other = await HttpApp.StartAsync(useOwnTransport: false);
        foreach (var app in (HttpApp[])[_app, other])
        {
            using var peer = await ConnectAsync(app.Port);
            await SendAsync(peer, Get("/hello/x"));
            await ReceiveUntilAsync(peer, "hello x");
        }

        other.Features.Should().HaveCountGreaterThan(6);
        _app.Features.Should().Contain(other.Features).And.OnlyHaveUniqueItems();
    }

    private Uri Address(string scheme, string path) => new($"{scheme}://127.0.0.1:{(scheme == "http" ? _app.Port : _app.TlsPort)}{path}");

    // Waits until the number of written bytes is the same in ten consecutive polls.
    private async Task WaitUntilWritingStopsAsync()
    {
        var (last, same) = (-1L, 0);
        await TestWait.UntilAsync(
            () =>
            {
                var written = _app.Written;
                same = written == last && written > 0 ? same + 1 : 0;
                last = written;
                return same >= 10;
            },
            "the writing to stop");
    }

    private static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n";

    private static string Post(string path, string length, string body) => $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}";

    private Task<Socket> ConnectAsync() => ConnectAsync(_app.Port);

    private static async Task<Socket> ConnectAsync(int port)
    {
        var peer = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await peer.ConnectAsync(IPAddress.Loopback, port);
        return peer;
    }

    private static async Task SendAsync(Socket peer, string text) => await peer.SendAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> ReceiveUntilAsync(Socket peer, string end)
    {
        var all = new StringBuilder();
        var buffer = new byte[2_000];
        while (!all.ToString().Contains(end, StringComparison.Ordinal))
        {
            var received = await peer.ReceiveAsync(buffer).OrFail($"\"{end}\" after: {all}");
            received.Should().BePositive("\"{0}\" must come after: {1}", end, all);
            all.Append(Encoding.Latin1.GetString(buffer, 0, received));
        }

        return all.ToString();
    }

    private static async Task<string> ReceiveToEndAsync(Socket peer)
    {
        var all = new StringBuilder();
        var buffer = new byte[2_000];
        while (await peer.ReceiveAsync(buffer).OrFail(string.Create(CultureInfo.InvariantCulture, $"the end after: {all}")) is > 0 and var received)
            all.Append(Encoding.Latin1.GetString(buffer, 0, received));
        return all.ToString();
    }

    private static bool IsReset(Socket peer) =>
        (SocketError)(int)peer.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! == SocketError.ConnectionReset;

    /// <summary>A body that is sent while the response is read.</summary>
    private sealed class DuplexContent(byte[] body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
