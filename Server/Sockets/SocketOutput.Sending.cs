using System.IO.Pipelines;
using System.Net.Sockets;

namespace RawSocketChat.Server.Sockets;

/// <summary>The side of the output that meets the socket.</summary>
internal sealed partial class SocketOutput
{
    private SocketError Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        try
        {
            if (NativeSocket.IsSupported)
                return NativeSocket.Send(_handle, bytes, out sent);
            sent = socket.Send(bytes, SocketFlags.None, out var error);
            return error;
        }
        catch (ObjectDisposedException)
        {
            sent = 0;
            return SocketError.OperationAborted;
        }
    }

    private void Fail(Exception fault)
    {
        End();
        pipe.OutputFailed(fault);
    }

    // On a thread of the pool, when a send that had to wait has ended.
    private void Sent(int count, SocketError error)
    {
        Exception? fault;
        bool wakes, isLast;
        lock (this)
        {
            Volatile.Write(ref _isSending, false);
            fault = Settle(count, error) ?? SendWaiting();
            isLast = _isCompleted && !_isSending && !_isGone && fault is null;
            wakes = TakeFlushing(asynchronously: false);
        }

        if (fault is not null)
            Fail(fault);
        else if (isLast)
            pipe.EndOutput();
        if (wakes)
            Wake();
    }

    // Under the gate from here on.

    private Exception? SendUnflushed()
    {
        if (_unflushedBytes == 0)
            return null;
        if (_isGone)
        {
            Drop();
            return null;
        }

        // No second send while one is under way: it would overtake.
        while (!_isSending && _unflushed.First is { } first && _unflushedBytes > 0)
        {
            var part = first.From(_unflushed.Start);
            var error = Send(part, out var sent);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                Drop();
                return SocketPipe.FaultOf(error);
            }

            _unflushed.Take(sent);
            _unflushedBytes -= sent;
            if (sent < part.Count)
                break;
        }

        if (_unflushedBytes == 0)
            return null;
        _waiting.Add(ref _unflushed);
        _waitingBytes += _unflushedBytes;
        _unflushedBytes = 0;
        return _isSending ? null : SendWaiting();
    }

    // It may end at once, so that nothing waits any more when this returns.
    private Exception? SendWaiting()
    {
        while (_waiting.First is { } first && !_isGone)
        {
            _sending ??= new Sending(this);
            var part = first.From(_waiting.Start, SendBytes);
            _sending.SetBuffer(part.Array, part.Offset, part.Count);
            try
            {
                Volatile.Write(ref _isSending, true);
                if (socket.SendAsync(_sending))
                    return null;
                Volatile.Write(ref _isSending, false);
            }
            catch (ObjectDisposedException)
            {
                Volatile.Write(ref _isSending, false);
                return Settle(0, SocketError.OperationAborted);
            }

            if (Settle(_sending.BytesTransferred, _sending.SocketError) is { } fault)
                return fault;
        }

        _drained?.TrySetResult();
        _drained = null;
        return null;
    }

    private Exception? Settle(int count, SocketError error)
    {
        if (error == SocketError.Success && !_isGone)
        {
            _waiting.Take(count);
            _waitingBytes -= count;
            return null;
        }

        var wasGone = _isGone;
        Volatile.Write(ref _isGone, true);
        Forget();
        return wasGone ? null : SocketPipe.FaultOf(error);
    }

    private void Forget()
    {
        _waiting.Clear();
        _waitingBytes = 0;
        _drained?.TrySetResult();
        _drained = null;
    }

    // What was written and will not be sent. Memory that somebody may still be writing to goes to nobody else.
    private void Drop()
    {
        if (_isLent)
            _unflushed = default;
        else
            _unflushed.Clear();
        _unflushedBytes = 0;
    }

    private bool TakeFlushing(bool asynchronously)
    {
        if (!_isFlushing || !(_isCanceled || _isGone || _isCompleted || _waitingBytes <= ResumeBytes))
            return false;
        _isFlushing = false;
        _flush.RunContinuationsAsynchronously = asynchronously;
        return true;
    }

    // Outside the gate, by whom TakeFlushing gave the flush to.
    private void Wake()
    {
        FlushResult result;
        lock (this)
        {
            result = new FlushResult(_isCanceled, _isGone || _isCompleted);
            _isCanceled = false;
        }

        _flush.SetResult(result);
    }

    /// <summary>The send that waits for the peer.</summary>
    private sealed class Sending(SocketOutput output) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => output.Sent(BytesTransferred, SocketError);
    }
}
