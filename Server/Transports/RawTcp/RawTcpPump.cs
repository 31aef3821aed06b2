using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// Moves lines between one raw connection and its handler. The first line that is not blank tells who speaks (<see cref="Opening"/>):
/// <c>{</c> begins JSON frames, Flash's question for a policy file is answered, HTTP and TLS are turned away, anything else is a person, who
/// gets the text format. The first delimiter that comes, newline or NUL, is also the server's.
/// </summary>
internal sealed class RawTcpPump : IConnectionTransport, IDisposable
{
    private readonly ConnectionContext _context;
    private readonly PipeReader _input;
    private readonly PipeOutbox _outbox;
    private readonly LineFraming _lines;
    private readonly ConnectionOptions _options;
    private readonly RawTcpEndpoint _endpoint;
    private readonly TimeProvider _time;
    private bool _asText = true;
    private bool _isKnown;

    public RawTcpPump(ConnectionContext context, RawTcpEndpoint endpoint, ConnectionOptions options, TimeProvider time)
    {
        _context = context;
        _input = context.Transport.Input;
        _endpoint = endpoint;
        _options = options;
        _time = time;
        _lines = new LineFraming(endpoint.MaxLineBytes);
        _outbox = new PipeOutbox(context.Transport.Output, LineEncoding.Of(LineDelimiter.Newline, asText: true), endpoint.OutboxBytes, time);
        Connection = new Connection("tcp", $"{context.RemoteEndPoint}", new ConnectionRequest(ServerSpeaksFirst: false), _outbox, time)
        {
            Transport = this,
            OwesFirstFrame = true,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    public void Dispose() => _lines.Dispose();

    /// <summary>Runs the connection to its end. False: the peer did not take its last bytes in time; reset it.</summary>
    public async Task<bool> RunAsync(ConnectionRegistry connections, ILogger logger)
    {
        if (!_endpoint.AllowRemote && _context.RemoteEndPoint is IPEndPoint peer && !IPAddress.IsLoopback(peer.Address))
            Connection.Close(Disconnect.PlaintextRefused);
        else
            await Connection.RunAsync(connections, logger);

        // A peer that ended its side after its last line still reads the answers.
        Connection.Close(Disconnect.EndOfInput);
        return await LingerAsync(connections.Leaving);
    }

    public async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            var result = await _input.ReadAsync();
            var buffer = result.Buffer;
            if (!buffer.IsEmpty)
                Connection.Heard();

            var position = buffer.Start;
            while (Connection.IsOpen && buffer.TryGet(ref position, out var segment))
                await ReceiveAsync(segment);

            _input.AdvanceTo(buffer.End);
            Connection.IsMidFrame = _lines.IsMidLine;
            if (result.IsCompleted)
                return;
        }
    }

    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> segment)
    {
        while (true)
        {
            var found = _lines.TryReceive(segment.Span, out var consumed, out var line);
            if (found == LineResult.NeedMore)
            {
                // Flash may wait for its answer before it sends the NUL.
                Meet(_lines.Begun, found);
                return;
            }

            segment = segment[consumed..];
            line = TelnetCommands.Remove(line);
            if (found == LineResult.TooLong || !IsBlank(line.Span))
            {
                Meet(line.Span, found);
                await TakeAsync(line, found);
            }

            if (!Connection.IsOpen)
                return;
            if (_outbox.QueuedBytes > _outbox.LimitBytes / 4)
                await _outbox.DrainedAsync();
        }
    }

    private ValueTask TakeAsync(ReadOnlyMemory<byte> line, LineResult found)
    {
        if (!Connection.IsOpen)
            return default;
        _outbox.Encoding = LineEncoding.Of(_lines.Delimiter ?? LineDelimiter.Newline, _asText);
        return found == LineResult.TooLong
            ? Connection.Handler.ReceivedTooBigAsync(_endpoint.MaxLineBytes)
            : Connection.Handler.ReceivedAsync(line, MessageKind.Text, Connection);
    }

    // Who speaks is decided once, by the first line; until that has ended, by what has come of it.
    private void Meet(ReadOnlySpan<byte> line, LineResult found)
    {
        if (_isKnown)
            return;
        _isKnown = found != LineResult.NeedMore;
        Connection.OwesFirstFrame = !_isKnown;
        switch (Openings.Of(line, found))
        {
            case Opening.PolicyRequest:
                // XMLSocket asks on a connection of its own and waits for the end of that.
                _outbox.SendWire(PolicyFile.Of(_context.LocalEndPoint as IPEndPoint, _endpoint.PolicyDomains));
                Connection.Close(Disconnect.PolicyServed);
                break;
            case Opening.Http:
                _outbox.SendWire(HttpRefusal.Of(_endpoint.Web()));
                Connection.Close(Disconnect.WrongProtocol);
                break;
            case Opening.Tls:
                Connection.Close(Disconnect.WrongProtocol);
                break;
            case Opening.Program:
                _asText = false;
                break;
        }

        _outbox.Encoding = LineEncoding.Of(_lines.Delimiter ?? LineDelimiter.Newline, _asText);
    }

    // nc and XMLSocket end their side once ours has ended.
    private async Task<bool> LingerAsync(CancellationToken leaving)
    {
        using var patience = new CancellationTokenSource(_options.LingerFor(Connection.Reason), _time);
        using var _ = leaving.Register(() => patience.CancelAfter(TimeSpan.FromSeconds(_options.LingerSeconds)));
        try
        {
            await _outbox.Finished.WaitAsync(patience.Token);
            await LingeringClose.RunAsync(_input, _context.Transport.Output, _time, patience.Token);
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

    void IConnectionTransport.Closing() => _input.CancelPendingRead();

    bool IConnectionTransport.ChangeFormat(string format)
    {
        if (format is not ("json" or "text"))
            return false;
        _asText = format == "text";
        _outbox.Encoding = LineEncoding.Of(_lines.Delimiter ?? LineDelimiter.Newline, _asText);
        return true;
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t"u8).IsEmpty;
}
