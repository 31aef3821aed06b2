using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;

namespace RawSocketChat.Server.Sockets;

/// <summary>The side of the input that meets the socket.</summary>
internal sealed partial class SocketInput
{
    // On a thread of the pool, when there is something: bytes, the end, a fault.
    void IThreadPoolWorkItem.Execute() => Found(SocketError.Success);

    private void Found(SocketError error)
    {
        bool wakes, tells;
        lock (this)
        {
            // Where it is not armed, nobody waits for what came: it is taken once it is wanted.
            if (!_isArmed)
                return;
            _isArmed = false;
            if (error != SocketError.Success)
                EndBy(SocketPipe.FaultOf(error));
            else if (_readiness is not null && IsWanted)
                ReceiveOnce();
            Receive();
            wakes = TakeWaiting(asynchronously: false);
            tells = MustTellEnd();
        }

        if (tells)
            _pipe.InputEnded(_fault);
        if (wakes)
            Wake();
    }

    // Under the gate from here on.

    private bool IsWanted => !_hasEnded && !_isCompleted && (_receivedAt - _consumedAt < ReadAheadBytes || (_isWaiting && _receivedAt == _examinedAt));

    // Takes what there is, as far as it is wanted, until the wait for more is armed.
    private void Receive()
    {
        while (IsWanted && !_isArmed)
        {
            if (_readiness is null)
            {
                ReceiveOnce();
                continue;
            }

            try
            {
                _isArmed = _socket.ReceiveAsync(_readiness);
            }
            catch (ObjectDisposedException)
            {
                EndBy(SocketPipe.FaultOf(SocketError.OperationAborted));
                return;
            }

            if (_isArmed)
                return;
            if (_readiness.SocketError != SocketError.Success)
                EndBy(SocketPipe.FaultOf(_readiness.SocketError));
            else
                ReceiveOnce();
        }
    }

    private void ReceiveOnce()
    {
        var block = _bytes.Last is { } last && last.Free.Length >= LeastFree ? last : Block.Rent(_filledLast ? LargeBlock : SmallBlock, _receivedAt);
        var isNew = !ReferenceEquals(block, _bytes.Last);
        var (received, error) = (0, SocketError.OperationAborted);
        try
        {
            if (_readiness is null)
                error = NativeSocket.Receive(_handle, block.Free.Span, out received);
            else
                received = _socket.Receive(block.Free.Span, SocketFlags.None, out error);
        }
        catch (ObjectDisposedException)
        {
            // The same as what a receive under way is told.
        }

        if (received > 0)
        {
            _filledLast = received == block.Free.Length;
            block.Advance(received);
            _receivedAt += received;
            if (isNew)
                _bytes.Add(block);
            return;
        }

        if (isNew)
            block.Return();
        if (error == SocketError.WouldBlock)
            // The poller tells only of what comes from now on.
            _isArmed |= _readiness is null;
        else
            EndBy(error == SocketError.Success ? null : SocketPipe.FaultOf(error));
    }

    private void EndBy(Exception? fault)
    {
        // The first end counts: who ended their side in order is read to the end of it.
        if (!_hasEnded)
            _fault = fault;
        _hasEnded = true;
    }

    private bool MustTellEnd()
    {
        var tells = _hasEnded && !_endTold;
        _endTold |= _hasEnded;
        return tells;
    }

    private bool TryTake(out ReadResult result)
    {
        result = default;
        if (_isCompleted)
            throw new InvalidOperationException("Reading is over: the reader was completed.");
        if (_isCanceled)
        {
            _isCanceled = false;
            result = new ReadResult(Unconsumed(), isCanceled: true, isCompleted: _hasEnded);
            return true;
        }

        if (_fault is not null)
            ExceptionDispatchInfo.Throw(_fault);
        if (!_hasEnded && _receivedAt == _examinedAt)
            return false;
        result = new ReadResult(Unconsumed(), isCanceled: false, isCompleted: _hasEnded);
        return true;
    }

    private ReadOnlySequence<byte> Unconsumed() =>
        _bytes is { First: { } first, Last: { } last } ? new(first, _bytes.Start, last, last.Length) : default;

    private bool TakeWaiting(bool asynchronously)
    {
        if (!_isWaiting || !(_isCanceled || _hasEnded || _receivedAt > _examinedAt))
            return false;
        _isWaiting = false;
        _read.RunContinuationsAsynchronously = asynchronously;
        return true;
    }

    // Outside the gate, by whom TakeWaiting gave the wait to.
    private void Wake()
    {
        try
        {
            ReadResult result;
            lock (this)
                TryTake(out result);
            _read.SetResult(result);
        }
#pragma warning disable CA1031 // it is the reader's
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _read.SetException(fault);
        }
    }

    /// <summary>The receive of no bytes.</summary>
    private sealed class Readiness(SocketInput input) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => input.Found(SocketError);
    }
}
