using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// Measures the memory and threads of held requests, which wait at the server for frames: 2,000 long-polls and 2,000 streams at the same
/// time. Each request has its own session, and all sessions are in one room. <c>Tests/run HeldRequests</c> prints the results.
/// </summary>
[Category(Categories.Slow)] // holds thousands of requests
public sealed partial class HeldRequestsTests
{
    private const int Each = 2000;

    // The number of pool threads depends on the number of processors. So the test only asserts that the server has far fewer threads than held
    // requests.
    private const int MaxThreads = 100;

    private const string BroadcastText = "to all of you";

    private int _port;

    // The number of members of the room: the sessions with a held request, and the speaker.
    private int _members = 1;

    [Test]
    public async Task Thousands_of_held_requests_need_few_threads_and_all_get_a_broadcast()
    {
        _port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync(
            "--urls", $"http://127.0.0.1:{_port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Http:GraceSeconds", "600", "--Http:LongPollSeconds", "600");
        var (speaker, _) = await ChatClient.JoinAsync(_port, "speaker");
        await using var __ = speaker;

        // Warm up: the first requests also allocate memory that all requests share.
        var held = new List<HeldRequest>();
        held.AddRange(await HoldAsync("/longpoll?wait=600", 100));
        held.AddRange(await HoldAsync("/events?x=1", 100));
        var before = GetResidentBytes(server.Id);
        held.AddRange(await HoldAsync("/longpoll?wait=600", Each));
        var between = GetResidentBytes(server.Id);
        held.AddRange(await HoldAsync("/events?x=1", Each));
        var after = GetResidentBytes(server.Id);
        var threads = GetThreadCount(server.Id);

        await speaker.SendAsync(ChatPeerExtensions.Say(BroadcastText));
        foreach (var one in held)
            await one.Received.OrFail("the broadcast, at every request");

        TestContext.Out.WriteLine($"{held.Count} held at the same time: {(between - before) / Each:N0} bytes of resident memory for a long-poll, {(after - between) / Each:N0} for a stream, sessions and room included; {threads} threads");
        threads.Should().BeLessThan(MaxThreads);
        foreach (var one in held)
            one.Dispose();
    }

    private async Task<List<HeldRequest>> HoldAsync(string path, int count)
    {
        var held = new List<HeldRequest>();
        foreach (var part in Enumerable.Range(0, count).Chunk(50))
        {
            held.AddRange(await Task.WhenAll(part.Select(async _ =>
            {
                using var own = await HttpTestClient.StartSessionAsync(_port);
                await own.SendAsync("""{"type":"join","room":"lobby","limit":1}""");
                var first = await own.GetAsync("/poll");
                var memberCount = first.Frames.OfType<PresenceFrame>().LastOrDefault()?.MemberCount ?? 0;
                return await HeldRequest.OpenAsync(_port, own.Token!, path, first.Next, memberCount, BroadcastText);
            })));
        }

        // The server sends the member count to a large room at most once a second. After the final count, it sends no more frames.
        _members += count;
        await TestWait.UntilAsync(() => held.All(one => one.MemberCount == _members), () => $"the member count {_members} at {held.Count(one => one.MemberCount != _members)} more requests");
        return held;
    }

    private static long GetResidentBytes(int process) => ReadStatusField(process, "VmRSS:") * 1024;

    private static long GetThreadCount(int process) => ReadStatusField(process, "Threads:");

    private static long ReadStatusField(int process, string field) => long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>A stream, or a series of long-polls, over its own socket.</summary>
    private sealed partial class HeldRequest : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly string _path;
        private readonly string _headers;
        private readonly byte[] _buffer = new byte[4096];
        private readonly StringBuilder _got = new();
        private long _next;
        private int _memberCount;

        private HeldRequest(int port, string token, string path, long next)
        {
            _path = path;
            _next = next;
            _headers = $" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n";
        }

        /// <summary>
        /// The last member count that the request received. After the frame with this count, the server holds the request again.
        /// </summary>
        public int MemberCount => Volatile.Read(ref _memberCount);

        /// <summary>Completes when the expected text has arrived.</summary>
        public Task Received { get; private set; } = Task.CompletedTask;

        public static async Task<HeldRequest> OpenAsync(int port, string token, string path, long next, int memberCount, string awaited)
        {
            var held = new HeldRequest(port, token, path, next) { _memberCount = memberCount };
            await held._socket.ConnectAsync(IPAddress.Loopback, port);
            await held.SendRequestAsync();
            held.Received = held.RunAsync(awaited);
            return held;
        }

        public void Dispose() => _socket.Dispose();

        private async Task RunAsync(string awaited)
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(_buffer);
                if (length == 0)
                    throw new AssertionException($"the connection ended after: {_got}");
                _got.Append(Encoding.UTF8.GetString(_buffer, 0, length));
                var got = _got.ToString();
                if (got.Contains(awaited, StringComparison.Ordinal))
                    return;
                if (_path.StartsWith("/longpoll", StringComparison.Ordinal))
                {
                    if (!IsComplete(got, out var body))
                        continue;
                    // A presence frame also ends the long-poll. Send the next long-poll.
                    PollBatch.TryRead(Encoding.UTF8.GetBytes(body), out _next, out _).Should().BeTrue(got);
                    _got.Clear();
                    await SendRequestAsync();
                }

                if (MemberCountPattern().Match(got) is { Success: true } count)
                    Volatile.Write(ref _memberCount, int.Parse(count.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            }
        }

        private static bool IsComplete(string answer, out string body)
        {
            var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            body = end < 0 ? "" : answer[(end + 4)..];
            return end >= 0 && body.Length == int.Parse(answer.Split("Content-Length: ")[1].Split('\r')[0], CultureInfo.InvariantCulture);
        }

        // Matches the last complete member count.
        [GeneratedRegex(@"""memberCount"":(\d+)[,}]", RegexOptions.RightToLeft)]
        private static partial Regex MemberCountPattern();

        private async Task SendRequestAsync()
        {
            await _socket.SendAsync(Encoding.ASCII.GetBytes($"GET {_path}&after={_next}{_headers}"));
        }
    }
}
