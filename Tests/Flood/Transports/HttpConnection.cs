using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>
/// Base class of the HTTP transports. It creates the session with <c>POST /session</c>, sends frames with <c>POST /send</c> on a separate
/// connection, and keeps the cursor. Derived classes send the requests that receive frames.
/// </summary>
internal abstract class HttpConnection : IConnection, HttpPipeline.IResponseHandler
{
    private readonly SocketSettings _settings;
    private readonly string _host;
    private readonly IFrameListener _listener;
    private readonly ArrayBufferWriter<byte> _response = new();
    private readonly ArrayBufferWriter<byte> _postResponse = new();
    private readonly Lock _postLock = new();
    private readonly Lock _deliveryLock = new(); // two connections share one listener, and the listener accepts only one call at a time
    private readonly TaskCompletionSource _sessionStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpPipeline _readPipeline;
    private HttpPipeline? _postPipeline;
    private HttpPipeline? _sessionPipeline;
    private int _errorStatus;
    private bool _hasEnded;
    private readonly Queue<(byte[] Json, long Now)> _heldFrames = new();
    private int _sentPosts;
    private int _answeredPosts;
    private int _holdUntil;
    private volatile bool _isCut;
    private volatile bool _isLeaving;

    protected HttpConnection(SocketSettings settings, string host, SessionState state, IFrameListener listener)
    {
        (_settings, _host, State, _listener) = (settings, host, state, listener);
        _readPipeline = new HttpPipeline(settings, host, this);
    }

    public Task Ended => _readPipeline.Ended;

    protected SessionState State { get; }

    public async Task OpenAsync(CancellationToken cancel)
    {
        if (State.Session is null)
        {
            // This request has its own connection, which is closed after the answer.
            using var pipeline = _sessionPipeline = new HttpPipeline(_settings with { Pace = null }, _host, this);
            await pipeline.ConnectAsync(cancel);
            pipeline.SendRequest("POST", "/session", null, Encoding.UTF8.GetBytes(RawTcpConnection.CreateHello(State)));
            await _sessionStarted.Task.WaitAsync(cancel);
        }
        await _readPipeline.ConnectAsync(cancel);
        RequestFrames();
    }

    public bool Send(ReadOnlySpan<byte> frame)
    {
        lock (_postLock)
        {
            try
            {
                // The previous connection may have ended, because the server closes a connection that is idle for some minutes.
                if (_postPipeline is null || _postPipeline.Ended.IsCompleted)
                {
                    _postPipeline?.Dispose();
                    _postPipeline = new HttpPipeline(_settings with { Pace = null }, _host, this);
                    _postPipeline.Connect();
                }
            }
            catch (FloodException e)
            {
                Fail(e.Message);
                return false;
            }
            lock (_deliveryLock)
            {
                _sentPosts++;
                if (!frame.StartsWith("{\"type\":\"say\""u8)) _holdUntil = _sentPosts;
            }
            return !_isCut && _postPipeline.SendRequest("POST", "/send", State.Session, frame);
        }
    }

    public void Leave()
    {
        _isLeaving = true;
        Cut();
    }

    public void CutAfter(int bytes) => _readPipeline.CutAfter(bytes);

    public void Cut()
    {
        _readPipeline.Cut();
        CutPosting();
    }

    public void Dispose()
    {
        CutPosting();
        _readPipeline.Dispose();
        lock (_postLock) _postPipeline?.Dispose();
        OnDispose();
        GC.SuppressFinalize(this);
    }

    void HttpPipeline.IResponseHandler.OnHead(HttpPipeline pipeline, int status, IReadOnlyDictionary<string, string> headers, long now)
    {
        if (pipeline != _readPipeline) return;
        _response.ResetWrittenCount();
        _errorStatus = status == 200 ? 0 : status;
        if (status == 200) OnResponseStarted(headers, now);
    }

    void HttpPipeline.IResponseHandler.OnBody(HttpPipeline pipeline, ReadOnlySpan<byte> bytes, long now)
    {
        if (pipeline == _readPipeline && _errorStatus == 0 && IsStreaming) OnStreamBytes(bytes, now);
        else (pipeline == _readPipeline ? _response : _postResponse).Write(bytes);
    }

    void HttpPipeline.IResponseHandler.OnResponseEnd(HttpPipeline pipeline, long now)
    {
        if (pipeline == _sessionPipeline) HandleSessionResponse();
        else if (pipeline != _readPipeline) HandlePostResponse(now);
        else if (_errorStatus > 0) Fail($"the server answered {_errorStatus} {Encoding.UTF8.GetString(_response.WrittenSpan)}");
        else if (!IsStreaming) OnResponseComplete(_response.WrittenMemory, now);
        else OnStreamEnded();
    }

    void HttpPipeline.IResponseHandler.OnConnectionEnd(HttpPipeline pipeline, string? why)
    {
        if (pipeline == _sessionPipeline) _sessionStarted.TrySetException(new FloodException(why ?? "the connection was cut"));
        else if (pipeline == _readPipeline) EndOnce(why);
        else if (_answeredPosts < _sentPosts) Fail($"a POST was not answered: {why}");
    }

    /// <summary>Whether a response is a stream that stays open. If so, its bytes are processed as they arrive.</summary>
    protected abstract bool IsStreaming { get; }

    /// <summary>Sends the request that receives frames.</summary>
    protected abstract void RequestFrames();

    /// <summary>The headers of a response with status 200 have arrived.</summary>
    protected virtual void OnResponseStarted(IReadOnlyDictionary<string, string> headers, long now)
    {
    }

    /// <summary>Bytes of a response that stays open have arrived.</summary>
    protected virtual void OnStreamBytes(ReadOnlySpan<byte> bytes, long now)
    {
    }

    /// <summary>The whole body of a response has arrived. Called only if <see cref="IsStreaming"/> is false.</summary>
    protected virtual void OnResponseComplete(ReadOnlyMemory<byte> body, long now)
    {
    }

    protected virtual void OnStreamEnded()
    {
    }

    protected virtual void OnDispose()
    {
    }

    protected bool SendGet(string pathAndQuery) => !_isLeaving && _readPipeline.SendRequest("GET", pathAndQuery, State.Session, default);

    /// <summary>
    /// Passes a received frame to the listener. If the member has sent a join by POST and the join has no answer yet, this method stores
    /// the frame until the answer arrives. The server sends the answer before the room's frames. But the answer and the frames use
    /// different connections, so the frames may arrive first (Protocol/README.md, "Answers come before copies").
    /// </summary>
    protected void DeliverFrame(ReadOnlySpan<byte> json, long now)
    {
        lock (_deliveryLock)
        {
            if (_hasEnded) return;
            if (_answeredPosts < _holdUntil) _heldFrames.Enqueue((json.ToArray(), now));
            else _listener.OnFrame(json, now);
        }
    }

    protected void DeliverResumed(long now)
    {
        lock (_deliveryLock)
            if (!_hasEnded) _listener.OnResumed(now);
    }

    /// <summary>Ends this connection because of an error.</summary>
    protected void Fail(string why)
    {
        EndOnce(why);
        Cut();
    }

    private void EndOnce(string? why)
    {
        CutPosting();
        lock (_deliveryLock)
        {
            if (_hasEnded) return;
            _hasEnded = true;
            // Frames that this connection still holds for an unanswered join are lost. The cursor already confirms these frames, so a resumed
            // session would not get them again. The member therefore starts a new session.
            if (_answeredPosts < _holdUntil) (State.Session, State.Cursor) = (null, 0);
            _listener.OnEnded(_isLeaving ? null : why);
        }
    }

    private void HandlePostResponse(long now)
    {
        var body = _postResponse.WrittenMemory;
        lock (_deliveryLock)
        {
            if (_hasEnded) return;
            if (PollBatch.TryReadArray(body, int.MaxValue, out var answers))
                foreach (var answer in answers) _listener.OnFrame(answer.Span, now);
            else
                _listener.OnFrame(body.Span, now); // an error frame, not an array
            _answeredPosts++;
            while (_answeredPosts >= _holdUntil && _heldFrames.TryDequeue(out var held)) _listener.OnFrame(held.Json, held.Now);
        }
        _postResponse.ResetWrittenCount();
    }

    private void HandleSessionResponse()
    {
        if (ChatCodec.TryReadServer(_postResponse.WrittenSpan, out var frame) && frame is WelcomeFrame welcome)
        {
            State.Session = welcome.Session;
            _sessionStarted.TrySetResult();
        }
        else
            _sessionStarted.TrySetException(new FloodException($"POST /session: {Encoding.UTF8.GetString(_postResponse.WrittenSpan)}"));
        _postResponse.ResetWrittenCount();
    }

    // Does not take _postLock, because the thread that holds the lock may be waiting for the server.
    private void CutPosting()
    {
        _isCut = true;
        Volatile.Read(ref _postPipeline)?.Cut();
    }
}
