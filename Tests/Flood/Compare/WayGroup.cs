namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One client of a way.</summary>
internal sealed class WayClient(string name, Way way, Arrivals arrivals)
{
    public string Name { get; } = name;

    public Way Way { get; } = way;

    public Arrivals Arrivals { get; } = arrivals;

    /// <summary>It was waited for in vain, and is not waited for again.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>What it lacks of so many messages: holes, and what should have come behind its newest.</summary>
    public long LostOf(long messages) => Math.Max(Arrivals.Holes, messages - Arrivals.Count);
}

/// <summary>How one way stands, for who watches.</summary>
/// <param name="Way">Its name.</param>
/// <param name="Counts">Of one client, in the part of the comparison that is going on.</param>
/// <param name="Delivery">From due to come, so far; empty while nothing has come.</param>
/// <param name="Lost">Holes, of all clients.</param>
internal sealed record WayStatus(string Way, Counts Counts, Latency Delivery, long Lost);

/// <summary>All clients of one way, and what they cost and saw together.</summary>
internal sealed class WayGroup
{
    private readonly Traffic _traffic = new();
    private readonly Delays _delays = new();
    private Counts _mark;

    public WayGroup(string name, CompareTarget target, int count, LatencyClock clock, TimeProvider time)
    {
        Name = name;
        for (var i = 1; i <= count; i++)
        {
            var arrivals = new Arrivals(clock, _delays, time);
            Clients.Add(new WayClient($"{name} {i}", Make(target, arrivals), arrivals));
        }
    }

    public string Name { get; }

    public List<WayClient> Clients { get; } = [];

    public long Payload => _traffic.Now().Payload;

    public Counts Idle { get; set; }

    public Counts Talk { get; set; }

    public double BackAfterCut { get; set; }

    public void Mark() => _mark = _traffic.Now();

    public Counts SinceMark() => _traffic.Now() - _mark;

    public WayStatus Status()
    {
        var since = SinceMark();
        var each = Clients.Count;
        return new WayStatus(Name, new Counts(since.Up / each, since.Down / each, since.Payload / each, since.Requests / each), _delays.FromDue, Clients.Sum(client => client.Arrivals.Holes));
    }

    public WayResult Result(CompareOptions options, long messages)
    {
        double each = Clients.Count;
        var (fromDue, fromSend, toWire, wireToClient, isSplit) = (_delays.FromDue, _delays.FromSend, _delays.ToWire, _delays.WireToClient, _delays.IsSplit);
        return new WayResult
        {
            Way = Name,
            Requests = Talk.Requests / each,
            UpBytes = Talk.Up / each,
            DownBytes = Talk.Down / each,
            HeaderBytes = Talk.Around / each,
            PayloadBytes = Talk.Payload / each,
            IdleUpBytes = Idle.Up / each,
            IdleDownBytes = Idle.Down / each,
            IdleBytesAMinute = options.IdleSeconds > 0 ? Idle.Bytes / each * 60 / options.IdleSeconds : 0,
            P50 = fromDue.P50,
            P99 = fromDue.P99,
            FromSendP50 = fromSend.P50,
            FromSendP99 = fromSend.P99,
            ServerToWireP50 = isSplit ? toWire.P50 : null,
            ServerToWireP99 = isSplit ? toWire.P99 : null,
            WireToClientP50 = isSplit ? wireToClient.P50 : null,
            WireToClientP99 = isSplit ? wireToClient.P99 : null,
            BackAfterCut = BackAfterCut,
            Lost = Clients.Sum(client => client.LostOf(messages)),
            Repeated = Clients.Sum(client => client.Arrivals.Repeated),
            OutOfOrder = Clients.Sum(client => client.Arrivals.OutOfOrder),
        };
    }

    private Way Make(CompareTarget target, Arrivals arrivals) => Name switch
    {
        "poll" => new PollWay(target, _traffic, arrivals),
        "longpoll" => new LongPollWay(target, _traffic, arrivals),
        "sse" => new StreamWay(target, _traffic, arrivals, "/events"),
        "stream" => new StreamWay(target, _traffic, arrivals, "/stream"),
        "iframe" => new StreamWay(target, _traffic, arrivals, "/iframe"),
        "tcp" => new RawTcpWay(target, _traffic, arrivals),
        "ws-h2" => new Http2Way(target, _traffic, arrivals),
        _ => new WebSocketWay(target, _traffic, arrivals, deflated: Name == "ws-deflate"),
    };
}
