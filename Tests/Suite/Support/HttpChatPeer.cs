using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Support;

/// <summary>The HTTP transports. With these transports, clients receive frames in responses to HTTP requests.</summary>
public enum HttpTransport
{
    Poll,
    LongPoll,
    Events,
    Stream,
    Iframe,
}

/// <summary>
/// A chat client on the HTTP transports. It posts its frames, and receives frames over a transport that can change. As the protocol requires,
/// it handles the answers to a POST before frames that arrived during that POST.
/// </summary>
public sealed partial class HttpChatPeer : IChatPeer
{
    // The pause of interval polling after an empty response. It is short to keep the tests fast.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>A cursor that no frame has. The answer to a request with this cursor begins with a <c>welcome</c>.</summary>
    public const long NoCursor = 1;

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _disposal = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _posting = [];
    private CancellationTokenSource? _currentRequest;
    private HttpResponseMessage? _unreadStream;
    private Task _reading = Task.CompletedTask;
    private HttpTransport _transport;
    private readonly bool _continues;
    private bool _hasSwitched;
    private long _cursor;

    private HttpChatPeer(Uri address, WelcomeFrame welcome, HttpTransport transport, int? receiveBuffer, bool continues, long cursor)
    {
        (_transport, _continues, _cursor) = (transport, continues, cursor);
        Welcome = welcome;
        _http = CreateClient(receiveBuffer);
        _http.BaseAddress = address;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", welcome.Session);
    }

    public FrameInbox Inbox { get; } = new();

    /// <summary>The response to POST /session.</summary>
    public WelcomeFrame Welcome { get; }

    /// <summary>The cursor of the last received frame.</summary>
    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>The number of requests that read frames.</summary>
    public int Requests { get; private set; }

    /// <summary>
    /// Begins or resumes a session, and starts to read unless <paramref name="read"/> is false. If the server rejects the name, the first
    /// frame in the inbox is the error, and the peer is a guest with another name.
    /// </summary>
    /// <param name="continues">
    /// Whether the peer sends a new request after a request was cut. If false, the inbox ends after the cut, as it does when a WebSocket ends, and a
    /// POST has no timeout.
    /// </param>
    /// <param name="cursor">The cursor of the first request; with 0 this request confirms nothing.</param>
    /// <exception cref="HttpRequestException">The server cannot be reached, or cannot begin a session.</exception>
    public static async Task<HttpChatPeer> ConnectAsync(
        int port, HttpTransport transport, string? name = null, string? session = null, bool read = true, int? receiveBuffer = null, bool continues = true, long cursor = 0)
    {
        var address = new Uri($"http://127.0.0.1:{port}");
        using var start = CreateClient(receiveBuffer: null);
        start.BaseAddress = address;
        byte[]? refusal = null;
        var answer = await StartAsync(start, name, session);
        if (answer is not (_, WelcomeFrame))
        {
            refusal = answer.Body;
            answer = await StartAsync(start, name: null, session);
        }

        var welcome = answer.Frame as WelcomeFrame ?? throw new HttpRequestException($"no session: {Encoding.UTF8.GetString(answer.Body)}");
        var peer = new HttpChatPeer(address, welcome, transport, receiveBuffer, continues, cursor);
        if (refusal is not null)
            peer.Inbox.Add(refusal);
        if (read)
            peer.Read();
        return peer;
    }

    /// <summary>Requests a stream, and reads nothing of the response until <see cref="Read"/>.</summary>
    public async Task OpenUnreadStreamAsync()
    {
        if (_transport is not (HttpTransport.Poll or HttpTransport.LongPoll))
            _unreadStream = await RequestStreamAsync(_transport, _disposal.Token);
    }

    public void Read() => _reading = ReadAsync();

    /// <summary>Switches to another transport immediately, even in the middle of a request.</summary>
    public void SwitchTo(HttpTransport transport)
    {
        lock (_gate)
        {
            _transport = transport;
            _hasSwitched = true;
            _currentRequest?.Cancel();
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
            {
                var reason = $"the body is not an array of answers: {Encoding.UTF8.GetString(body)}";
                throw _continues ? new AssertionException(reason) : new HttpRequestException(reason);
            }

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

    /// <summary>Posts a body, and returns the response body.</summary>
    public async Task<byte[]> PostAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var posting = _http.PostAsync(new Uri("/send", UriKind.Relative), content, _disposal.Token);
        using var response = await (_continues ? posting.OrFail("the response to a POST") : posting);
        return await response.Content.ReadAsByteArrayAsync(_disposal.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync();
        await _reading;
        _http.Dispose();
        _disposal.Dispose();
    }

    private static async Task<(byte[] Body, ServerFrame Frame)> StartAsync(HttpClient http, string? name, string? session)
    {
        using var hello = new ByteArrayContent(ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session }));
        using var answer = await http.PostAsync(new Uri("/session", UriKind.Relative), hello).OrFail("a response to POST /session");
        var body = await answer.Content.ReadAsByteArrayAsync();
        return ChatCodec.TryReadServer(body, out var frame) ? (body, frame) : throw new AssertionException($"{(int)answer.StatusCode}: {Encoding.UTF8.GetString(body)}");
    }

    private static HttpClient CreateClient(int? receiveBuffer) => new(new SocketsHttpHandler
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
            while (!_disposal.IsCancellationRequested)
            {
                using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_disposal.Token);
                HttpTransport transport;
                lock (_gate)
                    (_currentRequest, transport) = (cancel, _transport);
                try
                {
                    Requests++;
                    if (!await (transport is HttpTransport.Poll or HttpTransport.LongPoll ? PollAsync(transport, cancel.Token) : StreamAsync(transport, cancel.Token)))
                        return;
                }
                catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
                {
                    if (!_continues)
                        return;
                    // The request was cut. The next request continues at the current cursor.
                }

                lock (_gate)
                    _currentRequest = null;
            }
        }
        finally
        {
            Inbox.End();
        }
    }

    // Returns false if the server sent bye.
    private async Task<bool> PollAsync(HttpTransport transport, CancellationToken cancel)
    {
        using var response = await _http.GetAsync(new Uri(transport == HttpTransport.Poll ? $"/poll?after={_cursor}" : $"/longpoll?after={_cursor}&wait=25", UriKind.Relative), cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.StatusCode != HttpStatusCode.OK || !PollBatch.TryRead(body, out var next, out var frames))
            throw CreateFault(response, Encoding.UTF8.GetString(body));
        foreach (var frame in frames)
            await DeliverAsync(frame, _cursor);
        Volatile.Write(ref _cursor, next);
        if (frames.Any(IsBye))
            return false;
        if (transport == HttpTransport.Poll && frames.Count == 0)
            await Task.Delay(PollInterval, TimeProvider.System, cancel);
        return true;
    }

    private async Task<bool> StreamAsync(HttpTransport transport, CancellationToken cancel)
    {
        using var response = _unreadStream ?? await RequestStreamAsync(transport, cancel);
        _unreadStream = null;
        var cursor = long.Parse(response.Headers.GetValues("Chat-Cursor").Single(), System.Globalization.CultureInfo.InvariantCulture);
        var events = new EventStreamReader();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8, detectEncodingFromByteOrderMarks: false, 512);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            var frame = transport switch
            {
                HttpTransport.Events => events.TryReceive(Encoding.UTF8.GetBytes(line), out var data) ? data : [],
                HttpTransport.Stream => Encoding.UTF8.GetBytes(line),
                _ => ScriptPattern().Match(line) is { Success: true } script ? Encoding.UTF8.GetBytes(script.Groups[1].Value) : [],
            };
            if (frame.Length == 0)
                continue;
            if (IsBye(frame))
            {
                await DeliverAsync(frame, _cursor);
                return false;
            }

            if (ChatCodec.TryReadServer(frame, out var read) && read is ByeFrame)
                return true;
            cursor++;
            await DeliverAsync(frame, transport == HttpTransport.Events ? events.LastEventId!.Value : cursor);
        }

        return true;
    }

    private async Task<HttpResponseMessage> RequestStreamAsync(HttpTransport transport, CancellationToken cancel)
    {
        var path = transport switch { HttpTransport.Events => "/events", HttpTransport.Stream => "/stream", _ => "/iframe" };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{path}?after={_cursor}", UriKind.Relative));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        return response.StatusCode == HttpStatusCode.OK
            ? response
            : throw CreateFault(response, await response.Content.ReadAsStringAsync(cancel));
    }

    private Exception CreateFault(HttpResponseMessage response, string body) => _continues
        ? new AssertionException($"{(int)response.StatusCode}: {body}")
        : new HttpRequestException($"{(int)response.StatusCode}: {body}");

    // Adds the frame to the inbox, then moves the cursor.
    private async Task DeliverAsync(ReadOnlyMemory<byte> frame, long cursor)
    {
        Task[] posting;
        lock (_gate)
            posting = [.. _posting];
        await (_continues ? Task.WhenAll(posting).OrFail("the answers to earlier POSTs") : Task.WhenAll(posting));
        Inbox.Add(frame.Span);
        Volatile.Write(ref _cursor, cursor);
    }

    // A request that was cut right after it was sent can reach the server after the next request. The server then ends the next request
    // with a bye (4009). After a switch of transports, the peer ignores this bye and sends another request.
    private bool IsBye(ReadOnlyMemory<byte> frame) =>
        ChatCodec.TryReadServer(frame.Span, out var read) && read is ByeFrame bye && !(_hasSwitched && bye.Code == 4009);

    [GeneratedRegex(@"^<script nonce=""[0-9a-f]+"">parent\.onFrame\((.*)\)</script>$")]
    private static partial Regex ScriptPattern();
}
