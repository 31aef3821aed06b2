using System.Buffers;
using System.IO.Pipelines;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The outbox of a connection that is a stream of bytes. While the pipe takes what is written, a send is one copy into
/// the pipe and one flush, on the sender's own thread: no task, no queue, no allocation; and not even a copy where the pipe
/// is the socket itself (<see cref="IDirectSend"/>). Once a flush does not complete at once, what follows waits here by
/// reference to the shared bytes, and whoever completes the flush goes on with it.
/// </summary>
/// <remarks>It is its own lock, and makes what is seldom waited for when somebody waits: there is one for each idle connection.</remarks>
public sealed class PipeOutbox(PipeWriter writer, WireEncoding encoding, long limitBytes, TimeProvider time) : Outbox
{
    // As much as the output pipe holds before it asks its writer to wait. What is longer is written in parts, so that the pipe
    // never holds a copy of more than twice of it.
    private const int WriteAtOnceBytes = 64 * 1024;

    private readonly IDirectSend? _direct = writer as IDirectSend;
    private TaskCompletionSource? _finishing;
    private Queue<ReadOnlyMemory<byte>>? _queue;
    private ReadOnlyMemory<byte> _rest;
    private ReadOnlyMemory<byte> _notice;
    private TaskCompletionSource<bool>? _drained;
    private long _queuedBytes;
    private long _flushingSince;
    private bool _flushing;
    private bool _halfTold;
    private bool _completed;
    private bool _finished;
    private WireEncoding _encoding = encoding;

    /// <summary>How frames are put on this wire; changed where a client asks for the other format.</summary>
    public WireEncoding Encoding
    {
        get => Volatile.Read(ref _encoding);
        set => Volatile.Write(ref _encoding, value);
    }

    /// <summary>What the framing adds at the very end; null where it adds nothing.</summary>
    public IStreamEnding? Ending { get; init; }

    /// <summary>Completes when, after <see cref="Complete"/>, the pipe has taken the last byte or the peer is gone.</summary>
    public Task Finished
    {
        get
        {
            lock (this)
            {
                if (_finished)
                    return Task.CompletedTask;
                _finishing ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                return _finishing.Task;
            }
        }
    }

    public override long QueuedBytes => Volatile.Read(ref _queuedBytes);

    public override long LimitBytes => limitBytes;

    public override object? Output => _direct;

    public override TimeSpan StuckFor
    {
        get
        {
            lock (this)
                return _flushing ? time.GetElapsedTime(_flushingSince) : TimeSpan.Zero;
        }
    }

    public override SendResult Send(Outbound outbound) => SendWire(outbound.Wire(Encoding));

    /// <summary>Sends bytes that are framed already, such as a WebSocket pong.</summary>
    public SendResult SendWire(ReadOnlyMemory<byte> wire)
    {
        lock (this)
        {
            if (_completed)
                return SendResult.Gone;
            if (wire.IsEmpty)
                return SendResult.Accepted;
            if (_flushing)
                return Enqueue(wire);
            Write(wire);
            return _completed ? SendResult.Gone : SendResult.Accepted;
        }
    }

    public override void SendFirst(Outbound outbound)
    {
        var wire = outbound.Wire(Encoding);
        lock (this)
        {
            if (_completed || wire.IsEmpty)
                return;
            if (!_flushing)
            {
                Write(wire);
                return;
            }

            _notice = Join(_notice, wire);
        }
    }

    public override ValueTask<bool> DrainedAsync()
    {
        lock (this)
        {
            if (_completed)
                return new(false);
            if (!_flushing)
                return new(true);
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_drained.Task);
        }
    }

    public override void Complete(Outbound? farewell, Disconnect reason)
    {
        var last = farewell?.Wire(Encoding) ?? default;
        var ending = Ending?.Of(reason) ?? default;
        lock (this)
        {
            if (_completed)
                return;
            _completed = true;
            _drained?.TrySetResult(false);
            if (reason.DropsQueue)
                Forget();

            if (!_flushing)
            {
                // One write, so that the end of the frame never waits for a flush of its beginning.
                if (last.Length + ending.Length > 0)
                    Write(Join(last, ending));
                if (!_flushing)
                    Finish();
                return;
            }

            (_queue ??= new()).Enqueue(Join(last, ending));
        }
    }

    private SendResult Enqueue(ReadOnlyMemory<byte> wire)
    {
        if (_queuedBytes + wire.Length > limitBytes)
            return SendResult.Overflow;

        (_queue ??= new()).Enqueue(wire);
        _queuedBytes += wire.Length;
        if (_halfTold || _queuedBytes * 2 < limitBytes)
            return SendResult.Accepted;
        _halfTold = true;
        return SendResult.HalfFull;
    }

    // Called under the gate, with no flush under way.
    private void Write(ReadOnlyMemory<byte> wire)
    {
        try
        {
            var sent = 0;
            if (_direct is not null && !_direct.TrySend(wire.Span, out sent))
            {
                Abandon();
                return;
            }

            for (_rest = wire[sent..]; !_rest.IsEmpty;)
            {
                WriteRest(WriteAtOnceBytes);
                var flush = writer.FlushAsync();
                if (!flush.IsCompletedSuccessfully)
                {
                    _flushing = true;
                    _flushingSince = time.GetTimestamp();
                    _ = FlushOnAsync(flush);
                    return;
                }

                if (flush.Result.IsCompleted)
                    Abandon();
            }
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            Abandon();
        }
    }

    private async Task FlushOnAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            while (true)
            {
                var result = await flush;
                lock (this)
                {
                    if (result.IsCompleted || result.IsCanceled)
                    {
                        Abandon();
                        return;
                    }

                    if (_rest.IsEmpty && _notice.IsEmpty && _queue is not { Count: > 0 })
                    {
                        Settle();
                        return;
                    }

                    WriteFromQueue();
                    _flushingSince = time.GetTimestamp();
                    flush = writer.FlushAsync();
                }
            }
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            lock (this)
                Abandon();
        }
    }

    private void WriteFromQueue()
    {
        var written = WriteRest(WriteAtOnceBytes);
        if (!_rest.IsEmpty)
            return;
        writer.Write(_notice.Span);
        _notice = default;
        while (written < WriteAtOnceBytes && _queue is not null && _queue.TryDequeue(out _rest))
        {
            _queuedBytes = Math.Max(0, _queuedBytes - _rest.Length);
            written += WriteRest(WriteAtOnceBytes - written);
        }
    }

    // What is left of a frame, as much as may be written at once. Nothing may come in between.
    private int WriteRest(int most)
    {
        var part = _rest[..Math.Min(_rest.Length, most)];
        writer.Write(part.Span);
        _rest = _rest[part.Length..];
        return part.Length;
    }

    private void Settle()
    {
        _flushing = false;
        _halfTold = false;
        _queue = null;
        _queuedBytes = 0;
        _drained?.TrySetResult(true);
        _drained = null;
        if (_completed)
            Finish();
    }

    private void Abandon()
    {
        _completed = true;
        _flushing = false;
        _rest = default;
        _notice = default;
        Forget();
        _drained?.TrySetResult(false);
        _drained = null;
        Finish();
    }

    private void Finish()
    {
        _finished = true;
        _finishing?.TrySetResult();
    }

    // A notice stays: it is what tells the peer why.
    private void Forget()
    {
        _queue = null;
        _queuedBytes = 0;
    }

    private static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        if (first.IsEmpty)
            return second;
        if (second.IsEmpty)
            return first;
        var both = new byte[first.Length + second.Length];
        first.CopyTo(both);
        second.CopyTo(both.AsMemory(first.Length));
        return both;
    }
}
