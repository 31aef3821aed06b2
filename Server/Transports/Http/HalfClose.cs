using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Lets a peer that has shut down its sending side receive the answer to its request, even if the body of the request is incomplete.
/// Kestrel closes such a connection without an answer in two cases. In the first case, the transport reports that the peer's output has
/// ended. This class passes on the report only while a request waits for frames or writes a stream: the peer of such a request counts as
/// gone. In the second case, a read of the body returns the end of the output, possibly together with the last bytes of the body. So this
/// pipe returns the last bytes first, and the end only in the next read. If the body is incomplete, this next read throws an exception.
/// </summary>
internal sealed class HalfClose : PipeReader, IDuplexPipe, IDisposable
{
    private readonly IDuplexPipe _pipe;
    private readonly PipeReader _input;
    // The source of the token that Kestrel gets as ConnectionClosed. Also the lock for _isEndWanted and _hasEnded.
    private readonly CancellationTokenSource _connectionClosed = new();
    private readonly CancellationTokenRegistration _endRegistration;
    private ReadOnlySequence<byte> _lastBuffer;
    private long _unconsumedBytes;          // bytes that a read has returned and that are not consumed
    private bool _isAllExamined = true;
    private volatile bool _isBody;
    private bool _isEndWanted;
    private bool _hasEnded;

    private HalfClose(IDuplexPipe pipe, CancellationToken ended)
    {
        (_pipe, _input) = (pipe, pipe.Input);
        _endRegistration = ended.UnsafeRegister(static half => ((HalfClose)half!).OnPeerEnded(), this);
    }

    PipeReader IDuplexPipe.Input => this;

    PipeWriter IDuplexPipe.Output => _pipe.Output;

    /// <summary>
    /// Runs HTTP on a connection. Until <see cref="SetEndWanted"/> is called with true, Kestrel gets no report that the peer has shut down
    /// its sending side.
    /// </summary>
    public static async Task RunAsync(ConnectionDelegate http, ConnectionContext connection)
    {
        var (pipe, ended) = (connection.Transport, connection.ConnectionClosed);
        using var half = new HalfClose(pipe, ended);
        connection.Transport = half;
        connection.ConnectionClosed = half._connectionClosed.Token;
        connection.Features.Set(half);
        try
        {
            await http(connection);
        }
        finally
        {
            // After a connection takeover the connection continues with its original pipe, without this object.
            connection.Transport = pipe;
            connection.ConnectionClosed = ended;
            connection.Features.Set<HalfClose>(null);
        }
    }

    /// <summary>
    /// Sets the original pipe as the transport of a request that becomes a WebSocket. A WebSocket does not need this object.
    /// </summary>
    public void RestoreTransport(IFeatureCollection features) => features.GetRequiredFeature<IConnectionTransportFeature>().Transport = _pipe;

    /// <summary>Sets whether the bytes that are read from now on may belong to the body of a request.</summary>
    public void SetBody(bool isBody) => _isBody = isBody;

    /// <summary>
    /// Sets whether Kestrel gets the report that the peer has shut down its sending side. After this report, Kestrel aborts the request. If
    /// the peer has already shut down its sending side, Kestrel gets the report immediately.
    /// </summary>
    public void SetEndWanted(bool isWanted)
    {
        lock (_connectionClosed)
        {
            _isEndWanted = isWanted;
            if (!isWanted || !_hasEnded)
                return;
        }

        _connectionClosed.Cancel();
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!_input.TryRead(out result))
            return false;
        if (IsTruncatedBody(result))
        {
            _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = default;
            return false;
        }

        result = RecordRead(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = _input.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return WaitAsync(read);
        var result = read.Result;
        return IsTruncatedBody(result) ? ValueTask.FromException<ReadResult>(CreateTruncatedBodyFault(result)) : new(RecordRead(result));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _isAllExamined = _lastBuffer.Slice(examined).IsEmpty;
        _unconsumedBytes = _lastBuffer.Slice(consumed).Length;
        _lastBuffer = default;
        _input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    public void Dispose()
    {
        _endRegistration.Dispose();
        _connectionClosed.Dispose();
    }

    // Completes a read that did not complete synchronously.
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
    {
        ReadResult result;
        try
        {
            result = await read;
        }
        catch (IOException)
        {
            // The connection was reset, so no answer can be sent.
            _connectionClosed.Cancel();
            throw;
        }

        return IsTruncatedBody(result) ? throw CreateTruncatedBodyFault(result) : RecordRead(result);
    }

    private bool HasNewBytes(in ReadResult result) => !_isAllExamined || result.Buffer.Length > _unconsumedBytes;

    private bool IsTruncatedBody(in ReadResult result) => result is { IsCompleted: true, IsCanceled: false } && _isBody && !HasNewBytes(result);

    // With this type of exception, Kestrel treats the body as unreadable, and passes the exception on to the code that reads the body.
    private ConnectionAbortedException CreateTruncatedBodyFault(in ReadResult result)
    {
        _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        return new ConnectionAbortedException("The peer shut down its sending side in the middle of a body.");
    }

    // Remembers the buffer for AdvanceTo. If the read has new bytes, hides the end of the stream until the next read.
    private ReadResult RecordRead(in ReadResult result)
    {
        _lastBuffer = result.Buffer;
        return result.IsCompleted && HasNewBytes(result) ? new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false) : result;
    }

    private void OnPeerEnded()
    {
        lock (_connectionClosed)
        {
            _hasEnded = true;
            if (!_isEndWanted)
                return;
        }

        _connectionClosed.Cancel();
    }
}
