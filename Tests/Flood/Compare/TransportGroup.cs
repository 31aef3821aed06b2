namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A client of one transport, and the messages that it has received.</summary>
internal sealed class ComparedClient(string name, TransportClient connection, Arrivals arrivals)
{
    public string Name { get; } = name;

    public TransportClient Connection { get; } = connection;

    public Arrivals Arrivals { get; } = arrivals;

    /// <summary>Whether the run has stopped waiting for this client.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>
    /// Returns how many of the first <paramref name="messages"/> messages did not arrive, or the number of holes if it is larger.
    /// </summary>
    public long CountLost(long messages) => Math.Max(Arrivals.Holes, messages - Arrivals.Count);
}

/// <summary>The status of one transport, for the display.</summary>
/// <param name="Transport">The name of the transport.</param>
/// <param name="Counts">The counts of one client in the current phase.</param>
/// <param name="Delivery">The latency from the scheduled time, so far; empty before the first delivery.</param>
/// <param name="Lost">The holes of all clients.</param>
internal sealed record TransportStatus(string Transport, Counts Counts, Latency Delivery, long Lost);

/// <summary>All clients of one transport. They share one count of the traffic and one set of latencies.</summary>
internal sealed class TransportGroup
{
    private readonly Traffic _traffic = new();
    private readonly DeliveryLatencies _latencies = new();
    private Counts _phaseStart;

    public TransportGroup(string name, CompareTarget target, int count, TimestampedText texts, TimeProvider time)
    {
        Name = name;
        for (var i = 1; i <= count; i++)
        {
            var arrivals = new Arrivals(texts, _latencies, time);
            Clients.Add(new ComparedClient($"{name} {i}", CreateClient(target, arrivals), arrivals));
        }
    }

    public string Name { get; }

    public List<ComparedClient> Clients { get; } = [];

    public long Payload => _traffic.GetCounts().Payload;

    public Counts Idle { get; set; }

    public Counts Active { get; set; }

    public double ReconnectMilliseconds { get; set; }

    public void StartPhase() => _phaseStart = _traffic.GetCounts();

    public Counts GetPhaseCounts() => _traffic.GetCounts() - _phaseStart;

    public TransportStatus GetStatus()
    {
        var since = GetPhaseCounts();
        var clientCount = Clients.Count;
        return new TransportStatus(Name, new Counts(since.Up / clientCount, since.Down / clientCount, since.Payload / clientCount, since.Requests / clientCount), _latencies.FromDue, Clients.Sum(client => client.Arrivals.Holes));
    }

    public TransportResult CreateResult(CompareOptions options, long messages)
    {
        double clientCount = Clients.Count;
        var (fromDue, fromSend, toWire, wireToClient, hasWireTimes) = (_latencies.FromDue, _latencies.FromSend, _latencies.ToWire, _latencies.WireToClient, _latencies.HasWireTimes);
        return new TransportResult
        {
            Transport = Name,
            Requests = Active.Requests / clientCount,
            UpBytes = Active.Up / clientCount,
            DownBytes = Active.Down / clientCount,
            HeaderBytes = Active.OverheadBytes / clientCount,
            PayloadBytes = Active.Payload / clientCount,
            IdleUpBytes = Idle.Up / clientCount,
            IdleDownBytes = Idle.Down / clientCount,
            IdleBytesAMinute = options.IdleSeconds > 0 ? Idle.Bytes / clientCount * 60 / options.IdleSeconds : 0,
            P50 = fromDue.P50,
            P99 = fromDue.P99,
            FromSendP50 = fromSend.P50,
            FromSendP99 = fromSend.P99,
            ServerToWireP50 = hasWireTimes ? toWire.P50 : null,
            ServerToWireP99 = hasWireTimes ? toWire.P99 : null,
            WireToClientP50 = hasWireTimes ? wireToClient.P50 : null,
            WireToClientP99 = hasWireTimes ? wireToClient.P99 : null,
            ReconnectMilliseconds = ReconnectMilliseconds,
            Lost = Clients.Sum(client => client.CountLost(messages)),
            Repeated = Clients.Sum(client => client.Arrivals.Repeated),
            OutOfOrder = Clients.Sum(client => client.Arrivals.OutOfOrder),
        };
    }

    private TransportClient CreateClient(CompareTarget target, Arrivals arrivals) => Name switch
    {
        "poll" => new PollClient(target, _traffic, arrivals),
        "longpoll" => new LongPollClient(target, _traffic, arrivals),
        "sse" => new StreamClient(target, _traffic, arrivals, "/events"),
        "stream" => new StreamClient(target, _traffic, arrivals, "/stream"),
        "iframe" => new StreamClient(target, _traffic, arrivals, "/iframe"),
        "tcp" => new RawTcpClient(target, _traffic, arrivals),
        "ws-h2" => new WebSocketHttp2Client(target, _traffic, arrivals),
        _ => new WebSocketClient(target, _traffic, arrivals, deflated: Name == "ws-deflate"),
    };
}
