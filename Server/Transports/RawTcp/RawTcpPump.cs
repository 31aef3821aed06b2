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
#pragma warning disable CA1001 // the framing is disposed of when the pump has run
internal sealed class RawTcpPump : IConnectionTransport, ITakesConnection
#pragma warning restore CA1001
{
    private readonly IDuplexPipe _transport;
    private readonly IPEndPoint? _local;
    private readonly PipeOutbox _outbox;
    private readonly LineFraming _lines;
    private readonly RawTcpHost _host;
    private IDetachablePipe? _pipe;
    private Action? _reset;
    private bool _asText = true;
    private bool _isKnown;

    public RawTcpPump(ConnectionContext context, RawTcpHost host)
    {
        var endpoint = host.Endpoint;
        _transport = context.Transport;
        _local = context.LocalEndPoint as IPEndPoint;
        _host = host;
        _lines = new LineFraming(endpoint.MaxLineBytes);
        _outbox = new PipeOutbox(_transport.Output, LineEncoding.Of(LineDelimiter.Newline, asText: true), endpoint.OutboxBytes, host.Time);
        Connection = new Connection("tcp", $"{context.RemoteEndPoint}", new ConnectionRequest(ServerSpeaksFirst: false), _outbox, host.Time)
        {
            Transport = this,
            OwesFirstFrame = true,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
        if (!endpoint.AllowRemote && context.RemoteEndPoint is IPEndPoint peer && !IPAddress.IsLoopback(peer.Address))
            Connection.Close(Disconnect.PlaintextRefused);
    }

    public Connection Connection { get; }

    private PipeReader Input => _transport.Input;

    public void Take(IDetachablePipe pipe)
    {
        _pipe = pipe;
        _ = RunAsync();
    }

    public Task RunAsync(ConnectionContext connection)
    {
        _reset = connection.Abort;
        return RunAsync();
    }

    private Task RunAsync() => Connection.RunAsync(_host.Connections, _host.Logger);

    async Task IConnectionTransport.EndedAsync()
    {
        try
        {
            // A peer that ended its side after its last line still reads the answers.
            Connection.Close(Disconnect.EndOfInput);
            // nc and XMLSocket end their side once ours has ended.
            if (await LingeringClose.TryAsync(_host, Connection, _outbox, patience => LingeringClose.RunAsync(Input, _transport.Output, _host.Time, patience)))
                return;
            _pipe?.Abort();
            _reset?.Invoke();
        }
        finally
        {
            _lines.Dispose();
            if (_pipe is not null)
                await _pipe.DisposeAsync();
        }
    }

    public async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            var result = await Input.ReadAsync();
            var buffer = result.Buffer;
            if (!buffer.IsEmpty)
                Connection.Heard();

            var position = buffer.Start;
            while (Connection.IsOpen && buffer.TryGet(ref position, out var segment))
                await ReceiveAsync(segment);

            Input.AdvanceTo(buffer.End);
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
            ? Connection.Handler.ReceivedTooBigAsync(_host.Endpoint.MaxLineBytes)
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
                _outbox.SendWire(PolicyFile.Of(_local, _host.Endpoint.PolicyDomains));
                Connection.Close(Disconnect.PolicyServed);
                break;
            case Opening.Http:
                _outbox.SendWire(HttpRefusal.Of(_host.Endpoint.Web()));
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

    void IConnectionTransport.Closing() => Input.CancelPendingRead();

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
