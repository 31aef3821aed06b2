using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Support;

/// <summary>Which way over plain requests a peer gets its frames by.</summary>
public enum HttpWay
{
    Poll,
    LongPoll,
    Events,
    Stream,
    Iframe,
}

/// <summary>
/// A program that chats over plain HTTP requests: it posts what it sends, and gets its frames by one way after another. It
/// handles the answers to what it has posted before frames that came meanwhile, as the protocol asks of clients.
/// </summary>
public sealed partial class HttpChatPeer : IChatPeer
{
    // Between two questions of interval polling: short, since nothing but the test waits for it.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _posting = [];
    private CancellationTokenSource? _cut;
    private HttpResponseMessage? _deaf;
    private Task _reading = Task.CompletedTask;
    private HttpWay _way;
    private bool _changes;
    private long _cursor;

    private HttpChatPeer(Uri address, WelcomeFrame welcome, HttpWay way, int? receiveBuffer)
    {
        _way = way;
        Welcome = welcome;
        _http = NewClient(receiveBuffer);
        _http.BaseAddress = address;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", welcome.Session);
    }

    public FrameInbox Inbox { get; } = new();

    /// <summary>What POST /session answered.</summary>
    public WelcomeFrame Welcome { get; }

    /// <summary>What the last answer or stream said, or has counted to.</summary>
    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>How many answers and streams there were.</summary>
    public int Requests { get; private set; }

    /// <summary>
    /// Begins a session, or takes one up, and reads from then on unless told otherwise. Where the name cannot be had the inbox
    /// begins with what the server had against it, and the peer is a guest by another.
    /// </summary>
    public static async Task<HttpChatPeer> ConnectAsync(
        int port, HttpWay way, string? name = null, string? session = null, bool read = true, int? receiveBuffer = null)
    {
        var address = new Uri($"http://127.0.0.1:{port}");
        using var start = NewClient(receiveBuffer: null);
        start.BaseAddress = address;
        byte[]? refusal = null;
        var answer = await StartAsync(start, name, session);
        if (answer is not (_, WelcomeFrame))
        {
            refusal = answer.Body;
            answer = await StartAsync(start, name: null, session);
        }

        var peer = new HttpChatPeer(address, (WelcomeFrame)answer.Frame, way, receiveBuffer);
        if (refusal is not null)
            peer.Inbox.Add(refusal);
        if (read)
            peer.Read();
        return peer;
    }

    /// <summary>Asks for a stream, and takes nothing of it until <see cref="Read"/>.</summary>
    public async Task OpenDeafAsync()
    {
        if (_way is not (HttpWay.Poll or HttpWay.LongPoll))
            _deaf = await AskForStreamAsync(_way, _over.Token);
    }

    public void Read() => _reading = ReadAsync();

    /// <summary>Goes on by another way, in the middle of whatever is under way.</summary>
    public void ChangeTo(HttpWay way)
    {
        lock (_gate)
        {
            _way = way;
            _changes = true;
            _cut?.Cancel();
        }
    }

    public Task SendAsync(ClientFrame frame) => SendAsync(Encoding.UTF8.GetString(ChatCodec.Encode(frame)));

    public async Task SendAsync(string text)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _posting.Add(done.Task);
        try
        {
            var body = await PostAsync(text);
            if (!PollBatch.TryReadArray(body, int.MaxValue, out var answers))
                throw new AssertionException($"no array of answers: {Encoding.UTF8.GetString(body)}");
            foreach (var answer in answers)
                Inbox.Add(answer.Span);
        }
        finally
        {
            lock (_gate)
                _posting.Remove(done.Task);
            done.SetResult();
        }
    }

    /// <summary>Posts a body, and gives what answers it.</summary>
    public async Task<byte[]> PostAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri("/send", UriKind.Relative), content, _over.Token).OrFail("the answer to a POST");
        return await response.Content.ReadAsByteArrayAsync(_over.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _reading;
        _http.Dispose();
        _over.Dispose();
    }

    private static async Task<(byte[] Body, ServerFrame Frame)> StartAsync(HttpClient http, string? name, string? session)
    {
        using var hello = new ByteArrayContent(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session }));
        using var answer = await http.PostAsync(new Uri("/session", UriKind.Relative), hello).OrFail("an answer of POST /session");
        var body = await answer.Content.ReadAsByteArrayAsync();
        return ChatCodec.TryReadServer(body, out var frame) ? (body, frame) : throw new AssertionException($"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(body)}");
    }

    private static HttpClient NewClient(int? receiveBuffer) => new(new SocketsHttpHandler
    {
        UseCookies = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (receiveBuffer is { } bytes)
                socket.ReceiveBufferSize = bytes;
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    private async Task ReadAsync()
    {
        try
        {
            while (!_over.IsCancellationRequested)
            {
                using var cut = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
                HttpWay way;
                lock (_gate)
                    (_cut, way) = (cut, _way);
                try
                {
                    Requests++;
                    if (!await (way is HttpWay.Poll or HttpWay.LongPoll ? PollAsync(way, cut.Token) : StreamAsync(way, cut.Token)))
                        return;
                }
                catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
                {
                    // Cut: the next request asks with the cursor that this one has reached.
                }

                lock (_gate)
                    _cut = null;
            }
        }
        finally
        {
            Inbox.End();
        }
    }

    // False: the server has said bye.
    private async Task<bool> PollAsync(HttpWay way, CancellationToken cut)
    {
        using var response = await _http.GetAsync(new Uri(way == HttpWay.Poll ? $"/poll?after={_cursor}" : $"/longpoll?after={_cursor}&wait=25", UriKind.Relative), cut);
        var body = await response.Content.ReadAsByteArrayAsync(cut);
        if (response.StatusCode != HttpStatusCode.OK || !PollBatch.TryRead(body, out var next, out var frames))
            throw new AssertionException($"{(int)response.StatusCode}: {Encoding.UTF8.GetString(body)}");
        foreach (var frame in frames)
            await TakeAsync(frame, _cursor);
        Volatile.Write(ref _cursor, next);
        if (frames.Any(IsBye))
            return false;
        if (way == HttpWay.Poll && frames.Count == 0)
            await Task.Delay(PollInterval, TimeProvider.System, cut);
        return true;
    }

    private async Task<bool> StreamAsync(HttpWay way, CancellationToken cut)
    {
        using var response = _deaf ?? await AskForStreamAsync(way, cut);
        _deaf = null;
        var counted = long.Parse(response.Headers.GetValues("Chat-Cursor").Single(), System.Globalization.CultureInfo.InvariantCulture);
        var events = new EventStreamReader();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cut), Encoding.UTF8, detectEncodingFromByteOrderMarks: false, 512);
        while (await reader.ReadLineAsync(cut) is { } line)
        {
            var frame = way switch
            {
                HttpWay.Events => events.TryReceive(Encoding.UTF8.GetBytes(line), out var data) ? data : [],
                HttpWay.Stream => Encoding.UTF8.GetBytes(line),
                _ => Script().Match(line) is { Success: true } script ? Encoding.UTF8.GetBytes(script.Groups[1].Value) : [],
            };
            if (frame.Length == 0)
                continue;
            if (IsBye(frame))
            {
                await TakeAsync(frame, _cursor);
                return false;
            }

            if (ChatCodec.TryReadServer(frame, out var read) && read is ByeFrame)
                return true;
            counted++;
            await TakeAsync(frame, way == HttpWay.Events ? events.LastEventId!.Value : counted);
        }

        return true;
    }

    private async Task<HttpResponseMessage> AskForStreamAsync(HttpWay way, CancellationToken cut)
    {
        var path = way switch { HttpWay.Events => "/events", HttpWay.Stream => "/stream", _ => "/iframe" };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{path}?after={_cursor}", UriKind.Relative));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cut);
        return response.StatusCode == HttpStatusCode.OK
            ? response
            : throw new AssertionException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cut)}");
    }

    // Once it is in the inbox it counts as taken: the cursor moves with it.
    private async Task TakeAsync(ReadOnlyMemory<byte> frame, long cursor)
    {
        Task[] posting;
        lock (_gate)
            posting = [.. _posting];
        await Task.WhenAll(posting).OrFail("the answers to what was posted before");
        Inbox.Add(frame.Span);
        Volatile.Write(ref _cursor, cursor);
    }

    // A request that was cut off a moment after it was sent may reach the server behind the next one, and take its place: who
    // has just cut one off itself asks again.
    private bool IsBye(ReadOnlyMemory<byte> frame) =>
        ChatCodec.TryReadServer(frame.Span, out var read) && read is ByeFrame bye && !(_changes && bye.Code == 4009);

    [GeneratedRegex(@"^<script nonce=""[0-9a-f]+"">parent\.onFrame\((.*)\)</script>$")]
    private static partial Regex Script();
}
