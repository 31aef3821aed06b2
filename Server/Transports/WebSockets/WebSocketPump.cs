using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Moves bytes between one connection's pipe and the protocol's state machine, and messages between the state machine and the handler. Only
/// the pump reads from the pipe, and only the outbox writes to the pipe.
/// </summary>
#pragma warning disable CA1001 // ShutdownAsync disposes of the protocol
internal sealed class WebSocketPump : IConnectionTransport, IStreamEnding, IConnectionRunner
#pragma warning restore CA1001
{
    private readonly PipeReader _input;
    private readonly PipeOutbox _outbox;
    private readonly WebSocketProtocol _protocol;
    private readonly CompressionAgreement _agreement;
    private readonly WebSocketHost _host;
    private readonly ReceivePace _pace;
    private IDetachablePipe? _pipe;

    // Null if the WebSocket runs inside its request: HTTP ends the stream of a request.
    private PipeWriter? _ownOutput;
    private Action? _reset;

    public WebSocketPump(
        string transportName, IDuplexPipe transport, WebSocketHost host, CompressionAgreement agreement, bool asText, bool stamped, ConnectionRequest request, string remote)
    {
        var endpoint = host.Endpoint;
        _input = transport.Input;
        _host = host;
        _pace = new ReceivePace(endpoint.FrameRate, host.Time);
        _agreement = agreement;
        _protocol = new WebSocketProtocol(WebSocketRole.Server, endpoint.MaxMessageBytes, agreement.Deflate);
        _outbox = new PipeOutbox(transport.Output, asText ? agreement.Text : agreement.Json, endpoint.OutboxBytes, host.Time) { Ending = this };
        Outbox outbox = stamped && endpoint.Stamp is { } stamp ? new StampedOutbox(_outbox, stamp) : _outbox;
        Connection = new Connection(transportName, remote, request, outbox, host.Time)
        {
            Transport = this,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    public void RunDetached(IDetachablePipe pipe)
    {
        _pipe = pipe;
        _ownOutput = pipe.Output;
        _ = RunAsync();
    }

    public Task RunAsync(ConnectionContext connection)
    {
        _ownOutput = connection.Transport.Output;
        return RunAsync(connection.Abort);
    }

    /// <summary>Runs the WebSocket inside its request.</summary>
    /// <param name="reset">Called if the peer does not receive its last bytes in time.</param>
    public Task RunAsync(Action reset)
    {
        _reset = reset;
        return RunAsync();
    }

    private Task RunAsync() => Connection.RunAsync(_host.Connections, _host.Logger);

    async Task IConnectionTransport.ShutdownAsync()
    {
        try
        {
            if (await LingerAsync())
                return;
            _pipe?.Abort();
            _reset?.Invoke();
            // After this method returns, Kestrel may reuse its objects for another connection. So wait until the outbox no longer writes.
            await _outbox.Finished;
        }
        finally
        {
            _protocol.Dispose();
            if (_pipe is not null)
                await _pipe.DisposeAsync();
        }
    }

    /// <summary>Reads the pipe until the connection is closed.</summary>
    public async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            // This loop waits for hours. Its body is a separate method, so that the state of the loop is small.
            var read = _input.ReadAsync();
            if (!read.IsCompleted)
                _pace.OnWaiting();
            await ReceiveAsync(await read);
        }
    }

    // Handles the bytes of one read.
    private async ValueTask ReceiveAsync(ReadResult result)
    {
        var buffer = result.Buffer;
        if (!buffer.IsEmpty)
            Connection.MarkActivity();

        var position = buffer.Start;
        while (buffer.TryGet(ref position, out var segment))
            await ReceiveAsync(segment);

        _input.AdvanceTo(buffer.End);
        Connection.IsMidFrame = _protocol.IsMidFrame;
        // The pace counts only whole frames. Reading a part of a frame also takes time, so let other connections run here.
        await _pace.YieldIfDueAsync();
        if (result.IsCompleted)
        {
            // The stream ended without a close frame (RFC 6455, section 7.1.5: 1006).
            Connection.Close(Disconnect.Lost);
        }
    }

    // Handles all frames in a part of the input. An incomplete frame stays in the protocol.
    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> segment)
    {
        while (Connection.IsOpen)
        {
            if (!_protocol.TryReceive(segment.Span, out var consumed, out var received))
                return;
            segment = segment[consumed..];
            // A control frame between two fragments must not give the message more time.
            if (!_protocol.IsMidMessage)
                Connection.MarkFrameEnd();
            switch (received.Kind)
            {
                case WebSocketEventKind.Text:
                    await Connection.Handler.OnMessageAsync(received.Payload, MessageKind.Text, Connection);
                    break;
                case WebSocketEventKind.Binary:
                    await Connection.Handler.OnMessageAsync(received.Payload, MessageKind.Binary, Connection);
                    break;
                case WebSocketEventKind.Ping:
                    SendPong(received.Payload);
                    break;
                case WebSocketEventKind.Close:
                    Connection.Close(Disconnect.ClosedByPeer(received.CloseCode));
                    break;
                case WebSocketEventKind.Fault:
                    Connection.Close(Disconnect.ProtocolError(received.CloseCode, received.Reason));
                    break;
            }

            await StreamHost.ApplyBackPressureAsync(_outbox);
            if (Connection.IsOpen)
                await _pace.AfterFrameAsync(received.Payload.Length);
        }

        // The peer's close frame may already follow the frame that closed the connection, so process the remaining bytes too.
        Discard(segment.Span);
    }

    /// <summary>
    /// The lingering close (RFC 6455, section 7.1.1). After the last frame is sent, discards input until the peer's close frame or the end of its
    /// stream, for a limited time. After a protocol error, no more frames are read, not even a close frame (section 7.1.7).
    /// </summary>
    /// <returns>False if the connection must be reset.</returns>
    private async Task<bool> LingerAsync() =>
        await LingeringClose.TryAsync(_host, Connection, _outbox, DiscardRestAsync)
        // If everything is sent, do not reset: the peer may still be reading the last bytes, and a reset could destroy them.
        || (_ownOutput is not null && _outbox.Finished.IsCompleted);

    private Task DiscardRestAsync(CancellationToken timeout) =>
        !_protocol.HasFailed ? DiscardUntilClosedAsync(timeout)
        : _ownOutput is not null ? LingeringClose.RunAsync(_input, _ownOutput, _host.Time, timeout)
        : LingeringClose.DiscardUntilQuietAsync(_input, _host.Time, timeout);

    private async Task DiscardUntilClosedAsync(CancellationToken timeout)
    {
        while (!_protocol.CloseReceived)
        {
            var result = await _input.ReadAsync(timeout);
            foreach (var segment in result.Buffer)
                Discard(segment.Span);
            _input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }
    }

    private void Discard(ReadOnlySpan<byte> rest)
    {
        while (_protocol.TryReceive(rest, out var consumed, out _))
            rest = rest[consumed..];
    }

    ReadOnlyMemory<byte> IStreamEnding.EncodeEnd(Disconnect reason)
    {
        var output = new ArrayBufferWriter<byte>(128);
        _protocol.WriteClose(output, CloseCode.MayBeSent(reason.Code) ? reason.Code : CloseCode.NoStatus, reason.Text);
        return output.WrittenMemory;
    }

    void IConnectionTransport.OnClosing() => _input.CancelPendingRead();

    bool IConnectionTransport.CanProbe => true;

    void IConnectionTransport.SendProbe()
    {
        var output = new ArrayBufferWriter<byte>(2);
        _protocol.WritePing(output, default);
        _outbox.SendBytes(output.WrittenMemory);
    }

    private void SendPong(ReadOnlyMemory<byte> payload)
    {
        var output = new ArrayBufferWriter<byte>(payload.Length + 2);
        _protocol.WritePong(output, payload.Span);
        _outbox.SendBytes(output.WrittenMemory);
    }

    bool IConnectionTransport.TryChangeFormat(string format)
    {
        var chosen = _host.Endpoint.TextSubprotocol is null ? null
            : format switch { FrameFormat.Json => _agreement.Json, FrameFormat.Text => _agreement.Text, _ => null };
        if (chosen is not null)
            _outbox.Encoding = chosen;
        return chosen is not null;
    }
}
