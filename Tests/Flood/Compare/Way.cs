using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// One client by one way in: connects, joins, and takes what comes until it is cut; then it can come back, and misses nothing.
/// </summary>
internal abstract class Way(CompareTarget target, Traffic traffic, Arrivals arrivals) : IAsyncDisposable
{
    private CancellationTokenSource _cut = new();
    private Task _reading = Task.CompletedTask;

    protected CompareTarget Target { get; } = target;

    protected Traffic Traffic { get; } = traffic;

    /// <summary>The session's token, once there is one.</summary>
    protected string? Token { get; set; }

    /// <summary>The newest seq of the room that has come.</summary>
    protected long Seq => arrivals.Newest;

    /// <summary>Why reading ended without a cut; null while all is well.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Connects, or comes back, and is in the room when this completes.</summary>
    public async Task JoinAsync(CancellationToken cancel)
    {
        _cut = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await ConnectAsync(_cut.Token);
        _reading = ReadOnAsync(_cut.Token);
    }

    /// <summary>Breaks the connection off in the middle of whatever is under way.</summary>
    public async Task CutAsync()
    {
        await _cut.CancelAsync();
        Drop();
        await _reading;
        arrivals.Forget();
        _cut.Dispose();
        _cut = new();
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Connects and joins, with <c>after</c> where something was seen before.</summary>
    protected abstract Task ConnectAsync(CancellationToken cancel);

    /// <summary>Reads until cancelled.</summary>
    protected abstract Task ReadAsync(CancellationToken cancel);

    /// <summary>Drops the connection without a word.</summary>
    protected abstract void Drop();

    /// <summary>One frame that came.</summary>
    /// <param name="json">The frame.</param>
    /// <param name="around">The bytes that this way puts around it.</param>
    protected void Take(ReadOnlySpan<byte> json, int around)
    {
        var isFrame = ChatCodec.TryReadServer(json, out var frame);
        if (frame is WireFrame stamp)
        {
            Traffic.TakeOff(up: 0, down: json.Length + around);
            arrivals.Stamp(stamp);
            return;
        }

        Traffic.Carried(json.Length);
        if (isFrame)
            Take(frame);
    }

    private void Take(ServerFrame frame)
    {
        switch (frame)
        {
            case MessageFrame message:
                arrivals.Add(message);
                break;
            case TopicFrame topic:
                arrivals.Pass(topic.Seq);
                break;
            case WelcomeFrame { Session.Length: > 0 } welcome:
                Token = welcome.Session;
                break;
            case JoinedFrame joined:
                if (joined.Recovered is null)
                    arrivals.Begin(joined.Seq);
                else
                {
                    foreach (var missed in joined.Messages)
                    {
                        if (ChatCodec.TryReadServer(missed.Span, out var one))
                            Take(one);
                    }
                }

                break;
            case ErrorFrame { Error: var error }:
                throw new FloodException($"{error.Code}: {error.Text}");
        }
    }

    /// <summary>What joins the room, anew or again.</summary>
    protected string JoinFrame() => Encoding.UTF8.GetString(ChatCodec.Encode(new ClientFrame
    {
        Type = ClientFrameType.Join,
        Room = Target.Room,
        Limit = 1,
        After = arrivals.Newest > 0 ? arrivals.Newest : null,
    }));

    private async Task ReadOnAsync(CancellationToken cancel)
    {
        try
        {
            await ReadAsync(cancel);
        }
        catch (Exception fault) when (cancel.IsCancellationRequested && fault is not FloodException)
        {
            // Cut.
        }
        catch (Exception fault) when (fault is IOException or FloodException or System.Net.Sockets.SocketException)
        {
            Fault = fault;
        }
    }
}
