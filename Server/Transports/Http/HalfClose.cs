using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Lets a peer that has ended its side of the connection read the answer to what it posted, also to half of it. Kestrel closes
/// such a connection without an answer, as soon as the transport tells of the end, or a read of a body brings it, be it with the
/// body's last bytes. So it gets the bytes first; an end in the middle of a body is a fault of the read; and the transport's word
/// is told while a request wants it: one that is held, whose peer is as good as gone.
/// </summary>
internal sealed class HalfClose : PipeReader, IDuplexPipe, IDisposable
{
    private readonly IDuplexPipe _pipe;
    private readonly PipeReader _input;
    private readonly CancellationTokenSource _told = new();
    private readonly CancellationTokenRegistration _ending;
    private ReadOnlySequence<byte> _got;
    private long _left;                     // bytes that were got and not consumed
    private bool _isAllExamined = true;
    private volatile bool _isPosted;
    private bool _isWanted;
    private bool _hasEnded;

    private HalfClose(IDuplexPipe pipe, CancellationToken ended)
    {
        (_pipe, _input) = (pipe, pipe.Input);
        _ending = ended.UnsafeRegister(static half => ((HalfClose)half!).End(), this);
    }

    PipeReader IDuplexPipe.Input => this;

    PipeWriter IDuplexPipe.Output => _pipe.Output;

    /// <summary>Runs HTTP on a connection whose end is told when it is wanted.</summary>
    public static async Task RunAsync(ConnectionDelegate http, ConnectionContext connection)
    {
        var (pipe, ended) = (connection.Transport, connection.ConnectionClosed);
        using var half = new HalfClose(pipe, ended);
        connection.Transport = half;
        connection.ConnectionClosed = half._told.Token;
        connection.Features.Set(half);
        try
        {
            await http(connection);
        }
        finally
        {
            // What goes on with the connection has it as it was, and keeps nothing of this.
            connection.Transport = pipe;
            connection.ConnectionClosed = ended;
            connection.Features.Set<HalfClose>(null);
        }
    }

    /// <summary>Shows the pipe as it was to what this request becomes: a connection that is upgraded lasts for hours, and needs none of this.</summary>
    public void StepAside(IFeatureCollection features) => features.GetRequiredFeature<IConnectionTransportFeature>().Transport = _pipe;

    /// <summary>From now on, what is read may be of a body that was posted, or is none.</summary>
    public void SetPosted(bool posted) => _isPosted = posted;

    /// <summary>A request begins, or ends, to want to know of the end.</summary>
    public void SetWanted(bool wanted)
    {
        lock (_told)
        {
            _isWanted = wanted;
            if (!wanted || !_hasEnded)
                return;
        }

        _told.Cancel();
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!_input.TryRead(out result))
            return false;
        if (IsBrokenOff(result))
        {
            _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = default;
            return false;
        }

        result = Take(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = _input.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return WaitAsync(read);
        var result = read.Result;
        return IsBrokenOff(result) ? ValueTask.FromException<ReadResult>(BrokenOff(result)) : new(Take(result));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _isAllExamined = _got.Slice(examined).IsEmpty;
        _left = _got.Slice(consumed).Length;
        _got = default;
        _input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    public void Dispose()
    {
        _ending.Dispose();
        _told.Dispose();
    }

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
    {
        ReadResult result;
        try
        {
            result = await read;
        }
        catch (IOException)
        {
            // No end in order: nobody is there to be answered.
            _told.Cancel();
            throw;
        }

        return IsBrokenOff(result) ? throw BrokenOff(result) : Take(result);
    }

    private bool HasMore(in ReadResult result) => !_isAllExamined || result.Buffer.Length > _left;

    private bool IsBrokenOff(in ReadResult result) => result is { IsCompleted: true, IsCanceled: false } && _isPosted && !HasMore(result);

    // What Kestrel takes for a body that cannot be read any more, and passes on to who reads it.
    private ConnectionAbortedException BrokenOff(in ReadResult result)
    {
        _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        return new ConnectionAbortedException("The peer ended its side in the middle of a body.");
    }

    private ReadResult Take(in ReadResult result)
    {
        _got = result.Buffer;
        return result.IsCompleted && HasMore(result) ? new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false) : result;
    }

    private void End()
    {
        lock (_told)
        {
            _hasEnded = true;
            if (!_isWanted)
                return;
        }

        _told.Cancel();
    }
}
