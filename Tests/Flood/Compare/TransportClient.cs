using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// A client over one transport. It connects, joins, and receives until it is cut. After a cut, it can reconnect and catch up.
/// </summary>
internal abstract class TransportClient(CompareTarget target, Traffic traffic, Arrivals arrivals) : IAsyncDisposable
{
    private CancellationTokenSource _cut = new();
    private Task _reading = Task.CompletedTask;

    protected CompareTarget Target { get; } = target;

    protected Traffic Traffic { get; } = traffic;

    /// <summary>The token of the session; null before it exists.</summary>
    protected string? Token { get; set; }

    /// <summary>The newest received <c>seq</c> of the room.</summary>
    protected long Seq => arrivals.Newest;

    /// <summary>The error that ended the read loop, or null.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Connects or reconnects. Completes when the room is joined.</summary>
    public async Task JoinAsync(CancellationToken cancel)
    {
        _cut = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await ConnectAsync(_cut.Token);
        _reading = RunReadLoopAsync(_cut.Token);
    }

    /// <summary>Aborts the connection, and waits until reading has stopped.</summary>
    public async Task CutAsync()
    {
        await _cut.CancelAsync();
        Abort();
        await _reading;
        arrivals.DiscardPending();
        _cut.Dispose();
        _cut = new();
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Connects and joins. A client that has received events before joins with <c>after</c>.</summary>
    protected abstract Task ConnectAsync(CancellationToken cancel);

    /// <summary>Receives frames until cancelled.</summary>
    protected abstract Task ReadAsync(CancellationToken cancel);

    /// <summary>Aborts the connection without a closing handshake.</summary>
    protected abstract void Abort();

    /// <summary>Processes a received frame.</summary>
    /// <param name="json">The frame.</param>
    /// <param name="overheadBytes">The bytes of framing around the frame.</param>
    protected void ProcessFrame(ReadOnlySpan<byte> json, int overheadBytes)
    {
        var isFrame = ChatCodec.TryReadServer(json, out var frame);
        if (frame is WireFrame wire)
        {
            Traffic.Exclude(up: 0, down: json.Length + overheadBytes);
            arrivals.AddWireTime(wire);
            return;
        }

        Traffic.AddPayload(json.Length);
        if (isFrame)
            ProcessFrame(frame);
    }

    private void ProcessFrame(ServerFrame frame)
    {
        switch (frame)
        {
            case MessageFrame message:
                arrivals.AddMessage(message);
                break;
            case TopicFrame topic:
                arrivals.AddOtherEvent(topic.Seq);
                break;
            case WelcomeFrame { Session.Length: > 0 } welcome:
                Token = welcome.Session;
                break;
            case JoinedFrame joined:
                if (joined.Recovered is null)
                    arrivals.SetJoinedSeq(joined.Seq);
                else
                {
                    foreach (var json in joined.Messages)
                    {
                        if (ChatCodec.TryReadServer(json.Span, out var message))
                            ProcessFrame(message);
                    }
                }

                break;
            case ErrorFrame { Error: var error }:
                throw new FloodException($"{error.Code}: {error.Text}");
        }
    }

    /// <summary>Creates the <c>join</c> frame, for the first join or a reconnect.</summary>
    protected string CreateJoinFrame() => Encoding.UTF8.GetString(ChatCodec.Encode(new ClientFrame
    {
        Type = ClientFrameType.Join,
        Room = Target.Room,
        Limit = 1,
        After = arrivals.Newest > 0 ? arrivals.Newest : null,
    }));

    private async Task RunReadLoopAsync(CancellationToken cancel)
    {
        try
        {
            await ReadAsync(cancel);
        }
        catch (Exception fault) when (cancel.IsCancellationRequested && fault is not FloodException)
        {
            // The connection was cut.
        }
        catch (Exception fault) when (fault is IOException or FloodException or System.Net.Sockets.SocketException)
        {
            Fault = fault;
        }
    }
}
