using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Moves bytes between one connection's pipe and the protocol's state machine, and messages between that and the
/// handler. Only this pump reads the pipe; only the outbox writes it.
/// </summary>
#pragma warning disable CA1001 // the protocol is disposed of when the pump has run
internal sealed class WebSocketPump : IConnectionTransport, IStreamEnding, ITakesConnection
#pragma warning restore CA1001
{
    private readonly PipeReader _input;
    private readonly PipeOutbox _outbox;
    private readonly WebSocketProtocol _protocol;
    private readonly Agreement _agreement;
    private readonly WebSocketHost _host;
    private IDetachablePipe? _pipe;

    // Null inside a request, where the end of the stream is HTTP's.
    private PipeWriter? _ownOutput;
    private Action? _reset;

    public WebSocketPump(string way, IDuplexPipe transport, WebSocketHost host, Agreement agreement, bool asText, bool stamped, ConnectionRequest request, string remote)
    {
        var endpoint = host.Endpoint;
        _input = transport.Input;
        _host = host;
        _agreement = agreement;
        _protocol = new WebSocketProtocol(WebSocketRole.Server, endpoint.MaxMessageBytes, agreement.Deflate);
        _outbox = new PipeOutbox(transport.Output, asText ? agreement.Text : agreement.Json, endpoint.OutboxBytes, host.Time) { Ending = this };
        Outbox outbox = stamped && endpoint.Stamp is { } stamp ? new StampedOutbox(_outbox, stamp) : _outbox;
        Connection = new Connection(way, remote, request, outbox, host.Time)
        {
            Transport = this,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    public void Take(IDetachablePipe pipe)
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

    /// <summary>Runs inside the request.</summary>
    /// <param name="reset">Called where the peer does not take its last bytes in time.</param>
    public Task RunAsync(Action reset)
    {
        _reset = reset;
        return RunAsync();
    }

    private Task RunAsync() => Connection.RunAsync(_host.Connections, _host.Logger);

    async Task IConnectionTransport.EndedAsync()
    {
        try
        {
            if (await LingerAsync())
                return;
            _pipe?.Abort();
            _reset?.Invoke();
            // Kestrel may give what stood behind this one to the next: so nothing writes to it any more once this returns.
            await _outbox.Finished;
        }
        finally
        {
            _protocol.Dispose();
            if (_pipe is not null)
                await _pipe.DisposeAsync();
        }
    }

    public async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            // Apart, so that what waits here for hours keeps only what it needs to wait.
            await ReceiveAsync(await _input.ReadAsync());
        }
    }

    private async ValueTask ReceiveAsync(ReadResult result)
    {
        var buffer = result.Buffer;
        if (!buffer.IsEmpty)
            Connection.Heard();

        var position = buffer.Start;
        while (buffer.TryGet(ref position, out var segment))
            await ReceiveAsync(segment);

        _input.AdvanceTo(buffer.End);
        Connection.IsMidFrame = _protocol.IsMidFrame;
        if (result.IsCompleted)
        {
            // The stream ended without a close frame (RFC 6455, section 7.1.5: 1006).
            Connection.Close(Disconnect.Lost);
        }
    }

    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> segment)
    {
        while (Connection.IsOpen)
        {
            if (!_protocol.TryReceive(segment.Span, out var consumed, out var received))
                return;
            segment = segment[consumed..];
            switch (received.Kind)
            {
                case WebSocketEventKind.Text:
                    await Connection.Handler.ReceivedAsync(received.Payload, MessageKind.Text, Connection);
                    break;
                case WebSocketEventKind.Binary:
                    await Connection.Handler.ReceivedAsync(received.Payload, MessageKind.Binary, Connection);
                    break;
                case WebSocketEventKind.Ping:
                    SendPong(received.Payload);
                    break;
                case WebSocketEventKind.Close:
                    Connection.Close(Disconnect.ByPeer(received.CloseCode));
                    break;
                case WebSocketEventKind.Fault:
                    Connection.Close(Disconnect.Fault(received.CloseCode, received.Reason));
                    break;
            }

            // A peer that asks and does not read waits for its own answers; its TCP window fills, nobody else's.
            if (_outbox.QueuedBytes > _outbox.LimitBytes / 4)
                await _outbox.DrainedAsync();
        }

        // Behind the last frame that counted, the peer's close frame may be there already.
        Drop(segment.Span);
    }

    /// <summary>
    /// The lingering close (RFC 6455, section 7.1.1): once the last frame is out, what still arrives is dropped until the peer's close
    /// frame or its end of stream, for a bounded time. After a fault nothing is read any more, a close frame neither (7.1.7).
    /// </summary>
    /// <returns>False: it is to be reset.</returns>
    private async Task<bool> LingerAsync() =>
        await LingeringClose.TryAsync(_host, Connection, _outbox, DropRestAsync)
        // Who was sent everything, and says nothing to it, may still be reading it: a reset would take that away.
        || (_ownOutput is not null && _outbox.Finished.IsCompleted);

    private Task DropRestAsync(CancellationToken patience) =>
        !_protocol.HasFailed ? DropUntilClosedAsync(patience)
        : _ownOutput is not null ? LingeringClose.RunAsync(_input, _ownOutput, _host.Time, patience)
        : LingeringClose.DropUntilQuietAsync(_input, _host.Time, patience);

    private async Task DropUntilClosedAsync(CancellationToken patience)
    {
        while (!_protocol.CloseReceived)
        {
            var result = await _input.ReadAsync(patience);
            foreach (var segment in result.Buffer)
                Drop(segment.Span);
            _input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }
    }

    private void Drop(ReadOnlySpan<byte> rest)
    {
        while (_protocol.TryReceive(rest, out var consumed, out _))
            rest = rest[consumed..];
    }

    ReadOnlyMemory<byte> IStreamEnding.Of(Disconnect reason)
    {
        var output = new ArrayBufferWriter<byte>(128);
        _protocol.WriteClose(output, CloseCode.MayBeSent(reason.Code) ? reason.Code : CloseCode.NoStatus, reason.Text);
        return output.WrittenMemory;
    }

    void IConnectionTransport.Closing() => _input.CancelPendingRead();

    bool IConnectionTransport.CanProbe => true;

    void IConnectionTransport.Probe()
    {
        var output = new ArrayBufferWriter<byte>(2);
        _protocol.WritePing(output, default);
        _outbox.SendWire(output.WrittenMemory);
    }

    private void SendPong(ReadOnlyMemory<byte> payload)
    {
        var output = new ArrayBufferWriter<byte>(payload.Length + 2);
        _protocol.WritePong(output, payload.Span);
        _outbox.SendWire(output.WrittenMemory);
    }

    bool IConnectionTransport.ChangeFormat(string format)
    {
        var chosen = _host.Endpoint.TextSubprotocol is null ? null : format switch { "json" => _agreement.Json, "text" => _agreement.Text, _ => null };
        if (chosen is not null)
            _outbox.Encoding = chosen;
        return chosen is not null;
    }
}
