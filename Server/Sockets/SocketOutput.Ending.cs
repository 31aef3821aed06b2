using Microsoft.AspNetCore.Connections;

namespace RawSocketChat.Server.Sockets;

/// <summary>How the output ends: by its writer, by this side, or with the peer.</summary>
internal sealed partial class SocketOutput
{
    /// <summary>Sends what is left, and then tells the peer that no more comes.</summary>
    public override void Complete(Exception? exception = null)
    {
        Exception? fault = null;
        bool isLast, wakes;
        lock (this)
        {
            if (_isCompleted)
                return;
            if (exception is null)
                fault = SendUnflushed();
            _isCompleted = true;
            Drop();
            isLast = fault is null && !_isSending && !_isGone;
            wakes = TakeFlushing(asynchronously: true);
        }

        if (wakes)
            Wake();

        if (exception is not null)
            pipe.Abort(new ConnectionAbortedException("The writer failed.", exception));
        else if (fault is not null)
            Fail(fault);
        else if (isLast)
            pipe.EndOutput();
    }

    /// <summary>Completes when nothing waits any more, or never will go.</summary>
    public Task DrainAsync()
    {
        lock (this)
        {
            if (!_isSending)
                return Task.CompletedTask;
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Ends it from this side or by a fault: what waits will never go.</summary>
    public void End()
    {
        bool wakes;
        lock (this)
        {
            Volatile.Write(ref _isGone, true);
            // What a send under way looks at is its own until it has ended.
            if (!_isSending)
                Forget();
            wakes = TakeFlushing(asynchronously: true);
        }

        if (wakes)
            Wake();
    }

    /// <summary>To be called once the socket is closed.</summary>
    public void Dispose()
    {
        lock (this)
            _sending?.Dispose();
    }
}
