using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// The outbox of a session that asks by requests: numbered frames, of which a request gets those after its cursor. What a
/// cursor confirms is dropped; all else is kept and handed out again, whichever way asks for it.
/// </summary>
/// <remarks>
/// A stream confirms nothing while it lasts. So of what streams took, the oldest is dropped where more than
/// <see cref="LimitBytes"/> would be kept; who comes back with a cursor from before that begins anew, with its rooms' own.
/// </remarks>
/// <param name="limitBytes">The most bytes that are kept.</param>
/// <param name="start">The number before the first frame's.</param>
internal sealed class CursorOutbox(long limitBytes, long start) : Outbox
{
    private readonly long _start = start;
    private readonly Lock _gate = new();
    private readonly NumberedFrames _frames = new(start);
    private List<long>? _holds;
    private TaskCompletionSource? _changed;
    private TaskCompletionSource<bool>? _drained;
    private OutboundFrame? _notice;
    private long _sent = start;         // the newest that any request has got
    private long _streamed = start;     // the newest that the stream of now has got
    private long _dropped = start;      // the newest that was dropped unconfirmed
    private long _waitingBytes;
    private bool _halfTold;
    private bool _completed;

    /// <summary>Sees each frame before it is kept, and says what is kept in its place. It may complete the outbox: then nothing is.</summary>
    public Func<OutboundFrame, OutboundFrame>? Passing { get; init; }

    public override long QueuedBytes => Volatile.Read(ref _waitingBytes);

    public override long LimitBytes => limitBytes;

    /// <summary>How long the peer of the request that gets the frames has taken nothing; null where none does.</summary>
    public Func<TimeSpan>? Stuck { get; init; }

    public override TimeSpan StuckFor => Stuck?.Invoke() ?? TimeSpan.Zero;

    public override SendResult Send(Outbound outbound)
    {
        lock (_gate)
        {
            if (_completed)
                return SendResult.Gone;
            if (outbound is OutboundFrame frame)
            {
                if (!TryAdd(frame))
                    return SendResult.Overflow;
            }
            else if (outbound is OutboundBatch batch)
            {
                foreach (var one in batch.Frames)
                {
                    if (!TryAdd(one))
                        return SendResult.Overflow;
                }
            }

            WakeReaders();
            if (_halfTold || _waitingBytes * 2 < limitBytes)
                return SendResult.Accepted;
            _halfTold = true;
            return SendResult.HalfFull;
        }
    }

    // Right behind what was handed out: the numbers of those after it are known to nobody yet.
    public override void SendFirst(Outbound outbound)
    {
        if (outbound is not OutboundFrame frame)
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

    public override ValueTask<bool> DrainedAsync()
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

    public override void Complete(Outbound? farewell, Disconnect reason)
    {
        lock (_gate)
        {
            if (_completed)
                return;
            _completed = true;
            if (reason.DropsQueue)
                DropWaiting();
            if (farewell is OutboundFrame last)
                Append(last);
            _holds = null;
            _drained?.TrySetResult(false);
            WakeReaders();
        }
    }

    /// <summary>What a request asks with: confirms all up to the cursor, and says from where on the request reads.</summary>
    /// <param name="cursor">Null or 0: nothing is confirmed, and all that is kept is wanted.</param>
    /// <param name="from">The cursor to read with.</param>
    public CursorStanding Confirm(long? cursor, out long from)
    {
        lock (_gate)
        {
            from = _frames.First - 1;
            if (cursor is null or 0)
            {
                _streamed = from;
                return CursorStanding.Known;
            }

            if (cursor < _dropped || cursor > _sent || cursor < _start)
            {
                // Another outbox's cursor is as good as none while nothing of this one is gone.
                _streamed = from;
                return _frames.First == _start + 1 ? CursorStanding.Known : CursorStanding.Unknown;
            }

            if (cursor < from)
            {
                from = cursor.Value;
                return CursorStanding.Outrun;
            }

            while (_frames.First <= cursor && _frames.Count > 0)
                _frames.RemoveFirst();
            // What an earlier stream took after that was not taken by the one that comes now.
            _streamed = from = cursor.Value;
            if (HasRoom)
                TellDrained();
            return CursorStanding.Known;
        }
    }

    /// <summary>Hands out what follows the cursor, as much as stands.</summary>
    /// <param name="cursor">Moves to the last frame that was handed out.</param>
    /// <param name="frames">Gets the frames.</param>
    /// <param name="mostBytes">Where to stop; one frame is handed out in any case.</param>
    /// <param name="asStream">Whether they go out on a stream, which confirms nothing while it lasts.</param>
    public ReadStanding Read(ref long cursor, List<OutboundFrame> frames, long mostBytes, bool asStream)
    {
        lock (_gate)
        {
            // Never skipped in silence: what stands first is not what its cursor counts.
            if (cursor < _frames.First - 1)
                return ReadStanding.Behind;
            var last = LastToRead;
            var bytes = 0L;
            for (; cursor < last && bytes < mostBytes; cursor++)
            {
                var frame = _frames[cursor + 1];
                frames.Add(frame);
                bytes += frame.Payload.Length;
                if (cursor == _sent)
                {
                    _sent++;
                    _waitingBytes -= frame.Payload.Length;
                }
            }

            if (asStream)
                _streamed = Math.Max(_streamed, cursor);
            if (_waitingBytes == 0)
                (_halfTold, _notice) = (false, null);
            if (HasRoom)
                TellDrained();
            return !_completed || cursor < _frames.Last ? ReadStanding.GoesOn : ReadStanding.Ended;
        }
    }

    /// <summary>Completes when there is something to hand out after the cursor, or never will be.</summary>
    public Task ChangedAsync(long cursor)
    {
        lock (_gate)
        {
            if (_completed || cursor < LastToRead)
                return Task.CompletedTask;
            return (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Has whoever waits look again.</summary>
    public void Wake()
    {
        lock (_gate)
            WakeReaders();
    }

    /// <summary>
    /// Keeps back what is sent from now on, until <see cref="Release"/>: the answers to a request are on their way before any
    /// other request gets the copies of what it posted.
    /// </summary>
    public long Hold()
    {
        lock (_gate)
        {
            (_holds ??= []).Add(_frames.Last);
            return _frames.Last;
        }
    }

    public void Release(long hold)
    {
        lock (_gate)
        {
            _holds?.Remove(hold);
            WakeReaders();
        }
    }

    // A quarter, so that who pages through a log has the next page ready when the next request comes. What polls got and did not
    // confirm yet cannot give way, as what a stream took can: so much of it must leave room for that page, and for what others say.
    private bool HasRoom => _waitingBytes <= limitBytes / 4 && (_streamed >= _sent || _frames.Bytes <= limitBytes / 2);

    private long LastToRead => _holds is { Count: > 0 } ? Math.Min(_frames.Last, _holds.Min()) : _frames.Last;

    private bool TryAdd(OutboundFrame frame)
    {
        frame = Passing?.Invoke(frame) ?? frame;
        if (_completed)
            return true;
        var length = frame.Payload.Length;
        while (_frames.Bytes + length > limitBytes && _frames.Count > 0 && _frames.First <= _streamed)
        {
            _dropped = _frames.First;
            _frames.RemoveFirst();
        }

        if (_frames.Bytes + length > limitBytes)
            return false;
        Append(frame);
        return true;
    }

    private void Append(OutboundFrame frame)
    {
        _frames.Add(frame);
        _waitingBytes += frame.Payload.Length;
    }

    private void Insert(OutboundFrame frame)
    {
        _frames.Insert(_sent + 1, frame);
        _waitingBytes += frame.Payload.Length;
    }

    // A notice stays: it is what tells the peer why.
    private void DropWaiting()
    {
        var toldAlready = _notice is null || !_frames.Contains(_notice, _sent + 1);
        _frames.RemoveAfter(_sent);
        _waitingBytes = 0;
        if (!toldAlready)
            Append(_notice!);
    }

    private void WakeReaders()
    {
        _changed?.TrySetResult();
        _changed = null;
    }

    private void TellDrained()
    {
        _drained?.TrySetResult(true);
        _drained = null;
    }
}
