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
/// What a waiting request costs: 2,000 long-polls and 2,000 streams at once, each of a session of its own in one room. The
/// figures are in the output: <c>Tests/run HeldRequests</c>.
/// </summary>
public sealed partial class HeldRequestsTests
{
    private const int Each = 2000;

    // The pool's threads follow the processors; what is asserted is only that they do not follow the requests.
    private const int MostThreads = 100;

    private const string Said = "to all of you";

    private int _port;

    // All that are in the room: those who wait, and who speaks to them.
    private int _members = 1;

    [Test]
    public async Task Thousands_of_held_requests_hold_no_threads_and_all_get_what_is_said()
    {
        _port = ServerUnderTest.FreePort();
        await using var server = await ServerProcess.StartAsync(
            "--urls", $"http://127.0.0.1:{_port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false", "--Http:GraceSeconds", "600", "--Http:LongPollSeconds", "600");
        var (speaker, _) = await ChatClient.JoinAsync(_port, "speaker");
        await using var __ = speaker;

        // What the first hundred touch for the first time is not theirs.
        var held = new List<Held>();
        held.AddRange(await HoldAsync("/longpoll?wait=600", 100));
        held.AddRange(await HoldAsync("/events?x=1", 100));
        var before = Resident(server.Id);
        held.AddRange(await HoldAsync("/longpoll?wait=600", Each));
        var between = Resident(server.Id);
        held.AddRange(await HoldAsync("/events?x=1", Each));
        var after = Resident(server.Id);
        var threads = ThreadsOf(server.Id);

        await speaker.SendAsync(ChatPeerVerbs.Say(Said));
        foreach (var one in held)
            await one.Got.OrFail("what was said, at everyone");

        TestContext.Out.WriteLine($"{held.Count} held at once: {(between - before) / Each:N0} bytes of resident memory for a long-poll, {(after - between) / Each:N0} for a stream, sessions and room included; {threads} threads");
        threads.Should().BeLessThan(MostThreads);
        foreach (var one in held)
            one.Dispose();
    }

    private async Task<List<Held>> HoldAsync(string path, int count)
    {
        var held = new List<Held>();
        foreach (var part in Enumerable.Range(0, count).Chunk(50))
        {
            held.AddRange(await Task.WhenAll(part.Select(async _ =>
            {
                using var own = await HttpAsker.BeginAsync(_port);
                await own.SendAsync("""{"type":"join","room":"lobby","limit":1}""");
                var first = await own.GetAsync("/poll");
                var told = first.Frames.OfType<PresenceFrame>().LastOrDefault()?.MemberCount ?? 0;
                return await Held.OpenAsync(_port, own.Token!, path, first.Next, told, Said);
            })));
        }

        // A large room is told how many there are, once a second at the most: then nothing more comes.
        _members += count;
        await Patience.UntilAsync(() => held.All(one => one.Told == _members), () => $"all {_members} to be told to {held.Count(one => one.Told != _members)} more");
        return held;
    }

    private static long Resident(int process) => Status(process, "VmRSS:") * 1024;

    private static long ThreadsOf(int process) => Status(process, "Threads:");

    private static long Status(int process, string field) => long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>One request after the other over a socket of its own: a stream is one, a long-poll is asked for again.</summary>
    private sealed partial class Held : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly string _path;
        private readonly string _headers;
        private readonly byte[] _buffer = new byte[4096];
        private readonly StringBuilder _got = new();
        private long _next;
        private int _told;

        private Held(int port, string token, string path, long next)
        {
            _path = path;
            _next = next;
            _headers = $" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n";
        }

        /// <summary>The members that it has last been told of, and asked on after: it is held by the server.</summary>
        public int Told => Volatile.Read(ref _told);

        /// <summary>Completes when the text has come.</summary>
        public Task Got { get; private set; } = Task.CompletedTask;

        public static async Task<Held> OpenAsync(int port, string token, string path, long next, int told, string awaited)
        {
            var held = new Held(port, token, path, next) { _told = told };
            await held._socket.ConnectAsync(IPAddress.Loopback, port);
            await held.AskAsync();
            held.Got = held.RunAsync(awaited);
            return held;
        }

        public void Dispose() => _socket.Dispose();

        private async Task RunAsync(string awaited)
        {
            while (true)
            {
                var count = await _socket.ReceiveAsync(_buffer);
                if (count == 0)
                    throw new AssertionException($"it ended after: {_got}");
                _got.Append(Encoding.UTF8.GetString(_buffer, 0, count));
                var got = _got.ToString();
                if (got.Contains(awaited, StringComparison.Ordinal))
                    return;
                if (_path.StartsWith("/longpoll", StringComparison.Ordinal))
                {
                    if (!IsWhole(got, out var body))
                        continue;
                    // Somebody came to the room: that is an answer too.
                    PollBatch.TryRead(Encoding.UTF8.GetBytes(body), out _next, out _).Should().BeTrue(got);
                    _got.Clear();
                    await AskAsync();
                }

                if (MemberCount().Match(got) is { Success: true } told)
                    Volatile.Write(ref _told, int.Parse(told.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            }
        }

        private static bool IsWhole(string answer, out string body)
        {
            var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            body = end < 0 ? "" : answer[(end + 4)..];
            return end >= 0 && body.Length == int.Parse(answer.Split("Content-Length: ")[1].Split('\r')[0], CultureInfo.InvariantCulture);
        }

        // The last one that has come as a whole.
        [GeneratedRegex(@"""memberCount"":(\d+)[,}]", RegexOptions.RightToLeft)]
        private static partial Regex MemberCount();

        private async Task AskAsync()
        {
            await _socket.SendAsync(Encoding.ASCII.GetBytes($"GET {_path}&after={_next}{_headers}"));
        }
    }
}
