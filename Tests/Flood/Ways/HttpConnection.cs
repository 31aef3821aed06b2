using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>
/// What the ways over plain requests share: <c>POST /session</c>, <c>POST /send</c> on a line of its own, the cursor. The line that
/// gets frames is kept busy by who derives from this.
/// </summary>
internal abstract class HttpConnection : IConnection, HttpLine.IAsker
{
    private readonly Wire _wire;
    private readonly string _host;
    private readonly IFrameListener _listener;
    private readonly ArrayBufferWriter<byte> _answer = new();
    private readonly ArrayBufferWriter<byte> _posted = new();
    private readonly Lock _posting = new();
    private readonly Lock _telling = new(); // two lines, one listener
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpLine _reading;
    private HttpLine? _sending;
    private HttpLine? _starting;
    private int _refused;
    private bool _isOver;
    private readonly Queue<(byte[] Json, long Now)> _held = new();
    private int _posts;
    private int _answered;
    private int _holdUntil;
    private volatile bool _isCut;
    private volatile bool _leaving;

    protected HttpConnection(Wire wire, string host, Place place, IFrameListener listener)
    {
        (_wire, _host, Place, _listener) = (wire, host, place, listener);
        _reading = new HttpLine(wire, host, this);
    }

    public Task Ended => _reading.Ended;

    protected Place Place { get; }

    public async Task OpenAsync(CancellationToken cancel)
    {
        if (Place.Session is null)
        {
            // The server ends a line on which a session was begun.
            using var starting = _starting = new HttpLine(_wire with { Pace = null }, _host, this);
            await starting.ConnectAsync(cancel);
            starting.Ask("POST", "/session", null, Encoding.UTF8.GetBytes(RawTcpConnection.Hello(Place)));
            await _started.Task.WaitAsync(cancel);
        }
        await _reading.ConnectAsync(cancel);
        Ask();
    }

    public bool Send(ReadOnlySpan<byte> frame)
    {
        lock (_posting)
        {
            try
            {
                // The server ends a line on which nothing was asked for some minutes.
                if (_sending is null || _sending.Ended.IsCompleted)
                {
                    _sending?.Dispose();
                    _sending = new HttpLine(_wire with { Pace = null }, _host, this);
                    _sending.Connect();
                }
            }
            catch (FloodException e)
            {
                GiveUp(e.Message);
                return false;
            }
            lock (_telling)
            {
                _posts++;
                if (!frame.StartsWith("{\"type\":\"say\""u8)) _holdUntil = _posts;
            }
            return !_isCut && _sending.Ask("POST", "/send", Place.Session, frame);
        }
    }

    public void Leave()
    {
        _leaving = true;
        Cut();
    }

    public void CutAfter(int bytes) => _reading.CutAfter(bytes);

    public void Cut()
    {
        _reading.Cut();
        CutSending();
    }

    public void Dispose()
    {
        CutSending();
        _reading.Dispose();
        lock (_posting) _sending?.Dispose();
        OnDispose();
        GC.SuppressFinalize(this);
    }

    void HttpLine.IAsker.Head(HttpLine line, int status, IReadOnlyDictionary<string, string> headers, long now)
    {
        if (line != _reading) return;
        _answer.ResetWrittenCount();
        _refused = status == 200 ? 0 : status;
        if (status == 200) Begin(headers, now);
    }

    void HttpLine.IAsker.Body(HttpLine line, ReadOnlySpan<byte> bytes, long now)
    {
        if (line == _reading && _refused == 0 && IsStreaming) Some(bytes, now);
        else (line == _reading ? _answer : _posted).Write(bytes);
    }

    void HttpLine.IAsker.End(HttpLine line, long now)
    {
        if (line == _starting) EndOfStart();
        else if (line != _reading) EndOfPost(now);
        else if (_refused > 0) GiveUp($"the server answered {_refused} {Encoding.UTF8.GetString(_answer.WrittenSpan)}");
        else if (!IsStreaming) Whole(_answer.WrittenMemory, now);
        else EndOfStream();
    }

    void HttpLine.IAsker.Over(HttpLine line, string? why)
    {
        if (line == _starting) _started.TrySetException(new FloodException(why ?? "the connection was cut"));
        else if (line == _reading) End(why);
        else if (_answered < _posts) GiveUp($"a post was not answered: {why}");
    }

    /// <summary>Whether the answers do not end, and are taken as they come.</summary>
    protected abstract bool IsStreaming { get; }

    /// <summary>Asks for frames.</summary>
    protected abstract void Ask();

    /// <summary>An answer begins.</summary>
    protected virtual void Begin(IReadOnlyDictionary<string, string> headers, long now)
    {
    }

    /// <summary>Some of an answer that does not end.</summary>
    protected virtual void Some(ReadOnlySpan<byte> bytes, long now)
    {
    }

    /// <summary>All of an answer that does.</summary>
    protected virtual void Whole(ReadOnlyMemory<byte> body, long now)
    {
    }

    protected virtual void EndOfStream()
    {
    }

    protected virtual void OnDispose()
    {
    }

    protected bool AskFor(string pathAndQuery) => !_leaving && _reading.Ask("GET", pathAndQuery, Place.Session, default);

    /// <summary>
    /// One frame of the line that gets them. While a join is being answered on the other line it waits: the answer was written
    /// first, and belongs before it (Protocol/README.md, "Answers come before copies").
    /// </summary>
    protected void Tell(ReadOnlySpan<byte> json, long now)
    {
        lock (_telling)
        {
            if (_isOver) return;
            if (_answered < _holdUntil) _held.Enqueue((json.ToArray(), now));
            else _listener.Take(json, now);
        }
    }

    protected void TellResumed(long now)
    {
        lock (_telling)
            if (!_isOver) _listener.Resumed(now);
    }

    /// <summary>The line serves no more.</summary>
    protected void GiveUp(string why)
    {
        End(why);
        Cut();
    }

    private void End(string? why)
    {
        CutSending();
        lock (_telling)
        {
            if (_isOver) return;
            _isOver = true;
            // What waits for the answer to a join would count as taken by the cursor: such a session is given up.
            if (_answered < _holdUntil) (Place.Session, Place.Cursor) = (null, 0);
            _listener.Ended(_leaving ? null : why);
        }
    }

    private void EndOfPost(long now)
    {
        var body = _posted.WrittenMemory;
        lock (_telling)
        {
            if (_isOver) return;
            if (PollBatch.TryReadArray(body, int.MaxValue, out var answers))
                foreach (var answer in answers) _listener.Take(answer.Span, now);
            else
                _listener.Take(body.Span, now); // an error
            _answered++;
            while (_answered >= _holdUntil && _held.TryDequeue(out var held)) _listener.Take(held.Json, held.Now);
        }
        _posted.ResetWrittenCount();
    }

    private void EndOfStart()
    {
        if (ChatCodec.TryReadServer(_posted.WrittenSpan, out var frame) && frame is WelcomeFrame welcome)
        {
            Place.Session = welcome.Session;
            _started.TrySetResult();
        }
        else
            _started.TrySetException(new FloodException($"POST /session: {Encoding.UTF8.GetString(_posted.WrittenSpan)}"));
        _posted.ResetWrittenCount();
    }

    // Without the lock of posting: who holds that may be waiting for the server.
    private void CutSending()
    {
        _isCut = true;
        Volatile.Read(ref _sending)?.Cut();
    }
}
