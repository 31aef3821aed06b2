using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// Moves lines between one raw TCP connection and its handler. The first line that is not blank identifies the peer (<see cref="PeerKind"/>). A
/// line that begins with <c>{</c> comes from a program and selects JSON. The server answers Flash's request for a policy file, and refuses
/// clients of other protocols (<see cref="ProtocolRefusal"/>). Any other line comes from a person, and selects the text format. The server uses
/// the delimiter that the client uses first, newline or NUL.
/// </summary>
#pragma warning disable CA1001 // ShutdownAsync disposes of the framing
internal sealed class RawTcpPump : IConnectionTransport, IConnectionRunner
#pragma warning restore CA1001
{
    private const string TransportName = "tcp";

    private readonly IDuplexPipe _transport;
    private readonly IPEndPoint? _local;
    private readonly PipeOutbox _outbox;
    private readonly LineFraming _lines;
    private readonly RawTcpHost _host;
    private readonly ReceivePace _pace;
    private IDetachablePipe? _pipe;
    private Action? _reset;
    private bool _asText = true;
    private bool _isPeerIdentified;
    private bool _hasInput;

    public RawTcpPump(ConnectionContext context, RawTcpHost host)
    {
        var endpoint = host.Endpoint;
        _transport = context.Transport;
        _local = context.LocalEndPoint as IPEndPoint;
        _host = host;
        _pace = new ReceivePace(endpoint.FrameRate, host.Time);
        _lines = new LineFraming(endpoint.MaxLineBytes);
        _outbox = new PipeOutbox(_transport.Output, LineEncoding.Get(LineDelimiter.Newline, asText: true), endpoint.OutboxBytes, host.Time);
        Connection = new Connection(TransportName, $"{context.RemoteEndPoint}", new ConnectionRequest(ServerSpeaksFirst: false), _outbox, host.Time)
        {
            Transport = this,
            IsAwaitingFirstFrame = true,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
        if (!endpoint.AllowRemote && ProxyPeer.GetAddress(context) is { } peer && !IPAddress.IsLoopback(peer))
            Connection.Close(Disconnect.PlaintextRefused);
    }

    public Connection Connection { get; }

    private PipeReader Input => _transport.Input;

    public void RunDetached(IDetachablePipe pipe)
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

    async Task IConnectionTransport.ShutdownAsync()
    {
        try
        {
            // A peer that has shut down its sending side after its last line still reads the answers.
            Connection.Close(Disconnect.EndOfInput);
            // nc and XMLSocket shut down their sending side when the server has shut down its sending side.
            if (await LingeringClose.TryAsync(_host, Connection, _outbox, timeout => LingeringClose.RunAsync(Input, _transport.Output, _host.Time, timeout)))
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

    /// <summary>Reads the pipe until the connection is closed or the peer has ended its output.</summary>
    public async Task ReceiveAsync()
    {
        while (Connection.IsOpen)
        {
            var read = Input.ReadAsync();
            if (!read.IsCompleted)
                _pace.OnWaiting();
            var result = await read;
            var buffer = result.Buffer;
            if (!buffer.IsEmpty)
                Connection.MarkActivity();

            var position = buffer.Start;
            while (Connection.IsOpen && buffer.TryGet(ref position, out var segment))
                await ReceiveAsync(segment);

            Input.AdvanceTo(buffer.End);
            Connection.IsMidFrame = _lines.IsMidLine;
            // The pace counts only whole lines. A part of a line takes time too, so let other connections run here.
            await _pace.YieldIfDueAsync();
            if (result.IsCompleted)
                return;
        }
    }

    // Handles all lines in a part of the input. An incomplete line stays in the framing.
    private async ValueTask ReceiveAsync(ReadOnlyMemory<byte> segment)
    {
        if (!_hasInput && !segment.IsEmpty)
        {
            // Check the first byte here, because the framing treats a NUL as the end of an empty line.
            _hasInput = true;
            if (segment.Span[0] == 0)
            {
                Refuse(PeerKind.Foreign);
                return;
            }
        }

        while (true)
        {
            var result = _lines.TryReceive(segment.Span, out var consumed, out var line);
            if (result == LineResult.NeedMore)
            {
                // Flash may wait for the policy file before it sends the NUL, so look at the incomplete line too.
                IdentifyPeer(_lines.PartialLine, result, default);
                return;
            }

            segment = segment[consumed..];
            Connection.MarkFrameEnd();
            line = TelnetCommands.Remove(line);
            if (result == LineResult.TooLong || !IsBlank(line.Span))
            {
                IdentifyPeer(line.Span, result, segment.Span);
                await HandleLineAsync(line, result);
            }

            if (!Connection.IsOpen)
                return;
            await StreamHost.ApplyBackPressureAsync(_outbox);
            // A blank line counts as a frame too.
            await _pace.AfterFrameAsync(line.Length);
        }
    }

    private ValueTask HandleLineAsync(ReadOnlyMemory<byte> line, LineResult result)
    {
        if (!Connection.IsOpen)
            return default;
        SetEncoding();
        return result == LineResult.TooLong
            ? Connection.Handler.OnMessageTooBigAsync(_host.Endpoint.MaxLineBytes)
            : Connection.Handler.OnMessageAsync(line, MessageKind.Text, Connection);
    }

    // Decides by the first line what the peer is. While that line is incomplete, the decision uses the part that has arrived. A later call
    // may change the decision.
    private void IdentifyPeer(ReadOnlySpan<byte> line, LineResult result, ReadOnlySpan<byte> next)
    {
        if (_isPeerIdentified)
            return;
        _isPeerIdentified = result != LineResult.NeedMore;
        Connection.IsAwaitingFirstFrame = !_isPeerIdentified;
        switch (PeerDetector.Detect(line, result, next))
        {
            case PeerKind.Unknown or PeerKind.Person:
                break;
            case PeerKind.PolicyRequest:
                // XMLSocket uses a separate connection for the policy file, and waits until the server ends that connection.
                _outbox.SendBytes(PolicyFile.Create(_local, _host.Endpoint.PolicyDomains));
                Connection.Close(Disconnect.PolicyServed);
                break;
            case PeerKind.Program:
                _asText = false;
                break;
            case var foreign:
                Refuse(foreign);
                break;
        }

        SetEncoding();
    }

    private void Refuse(PeerKind foreign)
    {
        if (ProtocolRefusal.Create(foreign, _host.Endpoint.Web) is { } answer)
            _outbox.SendBytes(answer);
        Connection.Close(Disconnect.WrongProtocol);
    }

    private void SetEncoding()
    {
        _outbox.Encoding = LineEncoding.Get(_lines.Delimiter ?? LineDelimiter.Newline, _asText);
        Connection.WaitsForMessageRate = _asText;
    }

    void IConnectionTransport.OnClosing() => Input.CancelPendingRead();

    bool IConnectionTransport.TryChangeFormat(string format)
    {
        if (format is not (FrameFormat.Json or FrameFormat.Text))
            return false;
        _asText = format == FrameFormat.Text;
        SetEncoding();
        return true;
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t"u8).IsEmpty;
}
