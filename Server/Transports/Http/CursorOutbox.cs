using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// The outbox of an HTTP session. The outbox numbers the frames, and each request reads the frames after its cursor. When the cursor of a
/// request confirms a frame, the outbox removes the frame. Until then each request with an earlier cursor reads the frame again, over any
/// HTTP transport.
/// </summary>
/// <remarks>
/// A stream confirms nothing while it is open. Therefore, if the outbox would hold more than <see cref="LimitBytes"/>, the outbox removes
/// the oldest frames that the current stream has read. A client that returns with an earlier cursor gets a new connection. The client then
/// joins its rooms again and receives the missed events of each room.
/// </remarks>
/// <param name="limitBytes">Maximum bytes that the outbox keeps.</param>
/// <param name="start">The number of the first frame, minus 1.</param>
internal sealed class CursorOutbox(long limitBytes, long start) : Outbox
{
    private readonly long _start = start;
    private readonly Lock _gate = new();
    private readonly NumberedFrames _frames = new(start);
    private List<long>? _holds;
    private TaskCompletionSource? _changed;
    private TaskCompletionSource<bool>? _drained;
    private EncodedFrame? _notice;
    private long _lastSent = start;         // the newest frame that any request has read
    private long _lastStreamed = start;     // the newest frame that the current request has confirmed, or has read as a stream
    private long _lastDropped = start;      // the newest frame that was removed without a confirmation
    private long _waitingBytes;             // bytes of the frames after _lastSent
    private bool _isHalfFullReported;
    private bool _completed;

    public override long QueuedBytes => Volatile.Read(ref _waitingBytes);

    public override long LimitBytes => limitBytes;

    /// <summary>
    /// Returns how long the current request has been waiting for its peer to receive bytes. If this function is null, the outbox is never
    /// blocked.
    /// </summary>
    public Func<TimeSpan>? GetBlockedFor { get; init; }

    public override TimeSpan BlockedFor => GetBlockedFor?.Invoke() ?? TimeSpan.Zero;

    public override SendResult Send(EncodedMessage message)
    {
        lock (_gate)
        {
            if (_completed)
                return SendResult.Closed;
            if (message is EncodedFrame frame)
            {
                if (!TryAdd(frame))
                    return SendResult.Overflow;
            }
            else if (message is EncodedBatch batch)
            {
                foreach (var one in batch.Frames)
                {
                    if (!TryAdd(one))
                        return SendResult.Overflow;
                }
            }

            WakeReaders();
            if (_isHalfFullReported || _waitingBytes * 2 < limitBytes)
                return SendResult.Accepted;
            _isHalfFullReported = true;
            return SendResult.HalfFull;
        }
    }

    // Inserts the notice directly after the frames that were read. No request has read the later frames yet, so they can get new numbers.
    public override void SendFirst(EncodedMessage message)
    {
        if (message is not EncodedFrame frame)
            return;
        lock (_gate)
        {
            if (_completed)
                return;
            _notice = frame;
            Insert(frame);
            WakeReaders();
        }
    }

    public override ValueTask<bool> WaitForDrainAsync()
    {
        lock (_gate)
        {
            if (_completed)
                return new(false);
            if (HasRoom)
                return new(true);
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_drained.Task);
        }
    }

    public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
    {
        lock (_gate)
        {
            if (_completed)
                return;
            _completed = true;
            if (reason.DropsQueue)
                DropUnsent();
            if (closeMessage is EncodedFrame last)
                Append(last);
            _holds = null;
            _drained?.TrySetResult(false);
            WakeReaders();
        }
    }

    /// <summary>Begins the read of a request: confirms and removes all frames up to the cursor.</summary>
    /// <param name="cursor">The cursor of the request. If null or 0, the request confirms nothing and reads all frames that the outbox has.</param>
    /// <param name="from">The cursor after which the request reads.</param>
    public CursorStatus Confirm(long? cursor, out long from)
    {
        lock (_gate)
        {
            from = _frames.First - 1;
            if (cursor is null or 0)
            {
                _lastStreamed = from;
                return CursorStatus.Known;
            }

            if (cursor < _lastDropped || cursor > _lastSent || cursor < _start)
            {
                // The cursor belongs to another outbox, or frames after the cursor were dropped. If this outbox still has all its frames,
                // the request reads all of them.
                _lastStreamed = from;
                return _frames.First == _start + 1 ? CursorStatus.Known : CursorStatus.Unknown;
            }

            if (cursor < from)
            {
                from = cursor.Value;
                return CursorStatus.Stale;
            }

            while (_frames.First <= cursor && _frames.Count > 0)
                _frames.RemoveFirst();
            // The new request starts at its cursor. It has not read the later frames, even if an earlier stream has read them.
            _lastStreamed = from = cursor.Value;
            if (HasRoom)
                NotifyDrained();
            return CursorStatus.Known;
        }
    }

    /// <summary>Reads the frames after the cursor that are available now.</summary>
    /// <param name="cursor">Moves to the number of the last frame that was read.</param>
    /// <param name="frames">Receives the frames.</param>
    /// <param name="maxBytes">The read stops when the frames have at least this many bytes.</param>
    /// <param name="asStream">Whether the frames go out on a stream, which confirms nothing while it is open.</param>
    public ReadStatus Read(ref long cursor, List<EncodedFrame> frames, long maxBytes, bool asStream)
    {
        lock (_gate)
        {
            // Frames after this cursor have been removed. The result reports this, because the request must not skip frames.
            if (cursor < _frames.First - 1)
                return ReadStatus.Behind;
            var last = LastReadable;
            var bytes = 0L;
            for (; cursor < last && bytes < maxBytes; cursor++)
            {
                var queued = _frames[cursor + 1];
                var frame = queued.Current;
                frames.Add(frame);
                bytes += frame.Payload.Length;
                if (cursor == _lastSent)
                {
                    _lastSent++;
                    _waitingBytes -= queued.Payload.Length;
                }
            }

            if (asStream)
                _lastStreamed = Math.Max(_lastStreamed, cursor);
            if (_waitingBytes == 0)
                (_isHalfFullReported, _notice) = (false, null);
            if (HasRoom)
                NotifyDrained();
            return !_completed || cursor < _frames.Last ? ReadStatus.Open : ReadStatus.Ended;
        }
    }

    /// <summary>Completes when there may be a frame after the cursor, when the outbox is completed, or after <see cref="Wake"/>.</summary>
    public Task ChangedAsync(long cursor)
    {
        lock (_gate)
        {
            if (_completed || cursor < LastReadable)
                return Task.CompletedTask;
            return (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Wakes all requests that wait in <see cref="ChangedAsync"/>, so that they check again.</summary>
    public void Wake()
    {
        lock (_gate)
            WakeReaders();
    }

    /// <summary>
    /// Holds back all frames that are sent from now on until <see cref="Release"/>. A POST holds frames back until its answers are written.
    /// So no other request gets the broadcasts of the posted messages before the answers.
    /// </summary>
    public long Hold()
    {
        lock (_gate)
        {
            (_holds ??= []).Add(_frames.Last);
            return _frames.Last;
        }
    }

    /// <summary>Ends a hold.</summary>
    /// <param name="hold">The result of <see cref="Hold"/>.</param>
    public void Release(long hold)
    {
        lock (_gate)
        {
            _holds?.Remove(hold);
            WakeReaders();
        }
    }

    // Whether the next page of a log can be queued before the client's next request. The unread frames may fill at most a quarter of the
    // limit. A frame that a poll has read stays in the outbox until a cursor confirms the frame. While the outbox has such frames, all its
    // frames together may fill at most half of the limit, because the other half is for the next page and for broadcasts. Frames that a
    // stream has read do not count, because they may be removed without a confirmation.
    private bool HasRoom => _waitingBytes <= limitBytes / 4 && (_lastStreamed >= _lastSent || _frames.Bytes <= limitBytes / 2);

    private long LastReadable => _holds is { Count: > 0 } ? Math.Min(_frames.Last, _holds.Min()) : _frames.Last;

    // Adds a frame. If the outbox is full, first removes the oldest frames that a stream has read. Returns false if there is still no room.
    private bool TryAdd(EncodedFrame frame)
    {
        var length = frame.Payload.Length;
        while (_frames.Bytes + length > limitBytes && _frames.Count > 0 && _frames.First <= _lastStreamed)
        {
            _lastDropped = _frames.First;
            _frames.RemoveFirst();
        }

        if (_frames.Bytes + length > limitBytes)
            return false;
        Append(frame);
        return true;
    }

    private void Append(EncodedFrame frame)
    {
        _frames.Add(frame);
        _waitingBytes += frame.Payload.Length;
    }

    private void Insert(EncodedFrame frame)
    {
        _frames.Insert(_lastSent + 1, frame);
        _waitingBytes += frame.Payload.Length;
    }

    // Drops the frames that no request has read, but keeps the slow-consumer notice, because the notice tells the client why the connection
    // is closed.
    private void DropUnsent()
    {
        var isNoticeSent = _notice is null || !_frames.Contains(_notice, _lastSent + 1);
        _frames.RemoveAfter(_lastSent);
        _waitingBytes = 0;
        if (!isNoticeSent)
            Append(_notice!);
    }

    private void WakeReaders()
    {
        _changed?.TrySetResult();
        _changed = null;
    }

    private void NotifyDrained()
    {
        _drained?.TrySetResult(true);
        _drained = null;
    }
}
