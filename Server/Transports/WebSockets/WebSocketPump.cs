using System.Buffers;
using System.IO.Pipelines;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Moves bytes between one connection's pipe and the protocol's state machine, and messages between that and the
/// handler. Only this pump reads the pipe; only the outbox writes it.
/// </summary>
internal sealed class WebSocketPump : IDisposable
{
    private readonly PipeReader _input;
    private readonly PipeOutbox _outbox;
    private readonly WebSocketProtocol _protocol;
    private readonly Agreement _agreement;
    private readonly ConnectionOptions _options;
    private readonly TimeProvider _time;

    public WebSocketPump(
        string way,
        IDuplexPipe transport,
        WebSocketEndpoint endpoint,
        ConnectionOptions options,
        TimeProvider time,
        Agreement agreement,
        bool asText,
        bool stamped,
        ConnectionRequest request,
        string remote)
    {
        _input = transport.Input;
        _options = options;
        _time = time;
        _agreement = agreement;
        _protocol = new WebSocketProtocol(WebSocketRole.Server, endpoint.MaxMessageBytes, agreement.Deflate);
        _outbox = new PipeOutbox(transport.Output, asText ? agreement.Text : agreement.Json, endpoint.OutboxBytes, time) { Ending = CloseFrame };
        Outbox outbox = stamped && endpoint.Stamp is { } stamp ? new StampedOutbox(_outbox, stamp) : _outbox;
        Connection = new Connection(way, remote, request, outbox, time)
        {
            Closing = _input.CancelPendingRead,
            Probe = SendPing,
            ChangeFormat = endpoint.TextSubprotocol is null ? null : ChangeFormat,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    /// <summary>Completes when the pipe has taken the last byte or takes none any more.</summary>
    public Task Written => _outbox.Finished;

    public void Dispose() => _protocol.Dispose();

    /// <summary>Runs the connection to its end. False: the peer did not take its last bytes in time; reset it.</summary>
    public async Task<bool> RunAsync(ConnectionRegistry connections, ILogger logger)
    {
        await Connection.RunAsync(connections, ReceiveAsync, logger);
        return await LingerAsync(connections.Leaving);
    }

    private async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            var result = await _input.ReadAsync();
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
    /// The lingering close: once the last frame is out, what still arrives is read and dropped until the peer's close
    /// frame or its end of stream, for a bounded time. Closing a socket with unread bytes in it would make TCP send a
    /// reset, and that may overtake the close frame (RFC 6455, section 7.1.1).
    /// </summary>
    private async Task<bool> LingerAsync(CancellationToken leaving)
    {
        using var patience = new CancellationTokenSource(_options.LingerFor(Connection.Reason), _time);
        using var _ = leaving.Register(() => patience.CancelAfter(TimeSpan.FromSeconds(_options.LingerSeconds)));
        try
        {
            await _outbox.Finished.WaitAsync(patience.Token);
            while (!_protocol.CloseReceived)
            {
                var result = await _input.ReadAsync(patience.Token);
                foreach (var segment in result.Buffer)
                    Drop(segment.Span);
                _input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private void Drop(ReadOnlySpan<byte> rest)
    {
        while (_protocol.TryReceive(rest, out var consumed, out _))
            rest = rest[consumed..];
    }

    private ReadOnlyMemory<byte> CloseFrame(Disconnect reason)
    {
        var output = new ArrayBufferWriter<byte>(128);
        _protocol.WriteClose(output, CloseCode.MayBeSent(reason.Code) ? reason.Code : CloseCode.NoStatus, reason.Text);
        return output.WrittenMemory;
    }

    private void SendPing()
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

    private bool ChangeFormat(string format)
    {
        var chosen = format switch { "json" => _agreement.Json, "text" => _agreement.Text, _ => null };
        if (chosen is not null)
            _outbox.Encoding = chosen;
        return chosen is not null;
    }
}
