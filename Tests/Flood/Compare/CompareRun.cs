using System.Diagnostics;
using System.Globalization;
using System.Net;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// The same messages over every way at once: first nobody speaks, then somebody does, then every client is cut off and comes back.
/// </summary>
internal sealed class CompareRun(CompareOptions options, Action<string> tell, TimeProvider time)
{
    private readonly LatencyClock _clock = new($"c{Random.Shared.Next():x}", options.TextBytes);
    private readonly List<Group> _groups = [];

    /// <exception cref="FloodException">The server is not there, refuses, or ends a client.</exception>
    public async Task<CompareResult> RunAsync(CancellationToken cancel)
    {
        var http = await AnsweringAsync(await Target.ResolveAsync(new FloodOptions { Url = options.Url, AllowRemote = options.AllowRemote }, cancel), cancel);
        var target = new CompareTarget(http, new IPEndPoint(http.Address, Math.Max(1, options.RawPort)), options.Url.Authority, options.Room, TimeSpan.FromSeconds(options.PollInterval));
        await using var speaker = new WebSocketWay(target, new Traffic(), new Arrivals(_clock, Measurements.NewHistogram(), Measurements.NewHistogram()));
        await speaker.JoinAsync(cancel);
        try
        {
            foreach (var way in options.Ways.Where(way => way != "tcp" || options.RawPort > 0))
                _groups.Add(await Group.JoinAsync(way, target, options.Connections, _clock, cancel));
            tell($"{_groups.Count} ways, {options.Connections} clients each, in #{options.Room}");
            await SettleAsync(cancel);

            await IdleAsync(cancel);
            var messages = await TalkAsync(speaker, cancel);
            await CutAsync(speaker, messages, cancel);
            return ResultOf(messages);
        }
        finally
        {
            foreach (var client in _groups.SelectMany(group => group.Clients))
                await client.Way.DisposeAsync();
        }
    }

    // localhost may be two addresses, of which a server has one.
    private static async Task<IPEndPoint> AnsweringAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        FloodException? last = null;
        foreach (var address in addresses)
        {
            try
            {
                using var line = await CountedLine.ConnectAsync(address, new Traffic(), cancel);
                return address;
            }
            catch (FloodException fault)
            {
                last = fault;
            }
        }

        throw last!;
    }

    // Who comes is told to those who are there; that belongs to nobody's idle minute.
    private async Task SettleAsync(CancellationToken cancel)
    {
        long before;
        do
        {
            before = _groups.Sum(group => group.Traffic.Payload);
            await Task.Delay(TimeSpan.FromSeconds(options.PollInterval + 1.2), time, cancel);
        }
        while (_groups.Sum(group => group.Traffic.Payload) != before);
    }

    private async Task IdleAsync(CancellationToken cancel)
    {
        _groups.ForEach(group => group.Mark());
        if (options.IdleSeconds <= 0)
            return;
        tell($"nobody speaks for {options.IdleSeconds:0.#} s");
        await Task.Delay(TimeSpan.FromSeconds(options.IdleSeconds), time, cancel);
        _groups.ForEach(group => group.Idle = group.SinceMark());
    }

    private async Task<int> TalkAsync(WebSocketWay speaker, CancellationToken cancel)
    {
        var messages = (int)Math.Max(1, Math.Round(options.Rate * options.Seconds));
        tell($"{messages} messages of {options.TextBytes} bytes, {options.Rate:0.#} a second");
        _groups.ForEach(group => group.Mark());
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < messages; i++)
        {
            var due = TimeSpan.FromSeconds(i / options.Rate) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, time, cancel);
            await speaker.SayAsync(_clock.Write(i), cancel);
        }

        await AllHaveAsync(messages, cancel);
        _groups.ForEach(group => group.Talk = group.SinceMark());
        return messages;
    }

    private async Task CutAsync(WebSocketWay speaker, int messages, CancellationToken cancel)
    {
        for (var i = 0; i < _groups.Count; i++)
        {
            var group = _groups[i];
            tell($"cutting {group.Name} off");
            await Task.WhenAll(group.Clients.Select(client => client.Way.CutAsync()));
            var cut = Stopwatch.GetTimestamp();
            await speaker.SayAsync(_clock.Write(messages + i), cancel);
            var back = await Task.WhenAll(group.Clients.Select(async client =>
            {
                var has = client.Arrivals.HasAsync(messages + i + 1);
                await client.Way.JoinAsync(cancel);
                await WaitAsync(has, client, cancel);
                return Stopwatch.GetElapsedTime(cut).TotalMilliseconds;
            }));
            group.BackAfterCut = back.Order().ElementAt(back.Length / 2);
            await AllHaveAsync(messages + i + 1, cancel);
        }
    }

    private async Task AllHaveAsync(int messages, CancellationToken cancel)
    {
        foreach (var client in _groups.SelectMany(group => group.Clients))
            await WaitAsync(client.Arrivals.HasAsync(messages), client, cancel);
    }

    private async Task WaitAsync(Task has, Client client, CancellationToken cancel)
    {
        while (!has.IsCompleted)
        {
            if (client.Way.Fault is { } fault)
                throw new FloodException($"{client.Name}: {fault.Message}");
            try
            {
                await has.WaitAsync(TimeSpan.FromSeconds(1), time, cancel);
            }
            catch (TimeoutException) when (++client.Waited < 30)
            {
                // Looks at the client's fault again.
            }
            catch (TimeoutException)
            {
                throw new FloodException($"{client.Name}: of what was said, {client.Arrivals.Count} messages came in 30 s, and no more", FloodResult.Faulty);
            }
        }

        client.Waited = 0;
    }

    private CompareResult ResultOf(int messages) => new()
    {
        At = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ConnectionsOfEachWay = options.Connections,
        Messages = messages,
        Seconds = options.Seconds,
        IdleSeconds = options.IdleSeconds,
        PollIntervalSeconds = options.PollInterval,
        Ways = [.. _groups.Select(group => group.Result(options))],
    };

    private sealed class Client(string name, Way way, Arrivals arrivals)
    {
        public string Name { get; } = name;

        public Way Way { get; } = way;

        public Arrivals Arrivals { get; } = arrivals;

        public int Waited { get; set; }
    }

    private sealed class Group(string name)
    {
        private readonly LongHistogram _whole = Measurements.NewHistogram();
        private readonly LongHistogram _stored = Measurements.NewHistogram();
        private Counts _mark;

        public string Name { get; } = name;

        public Traffic Traffic { get; } = new();

        public List<Client> Clients { get; } = [];

        public Counts Idle { get; set; }

        public Counts Talk { get; set; }

        public double BackAfterCut { get; set; }

        public static async Task<Group> JoinAsync(string name, CompareTarget target, int count, LatencyClock clock, CancellationToken cancel)
        {
            var group = new Group(name);
            for (var i = 0; i < count; i++)
            {
                var arrivals = new Arrivals(clock, group._whole, group._stored);
                Way way = name switch
                {
                    "poll" => new PollWay(target, group.Traffic, arrivals),
                    "longpoll" => new LongPollWay(target, group.Traffic, arrivals),
                    "sse" => new StreamWay(target, group.Traffic, arrivals, "/events"),
                    "stream" => new StreamWay(target, group.Traffic, arrivals, "/stream"),
                    "iframe" => new StreamWay(target, group.Traffic, arrivals, "/iframe"),
                    "tcp" => new RawTcpWay(target, group.Traffic, arrivals),
                    _ => new WebSocketWay(target, group.Traffic, arrivals),
                };
                await way.JoinAsync(cancel);
                group.Clients.Add(new Client($"{name} {i + 1}", way, arrivals));
            }

            return group;
        }

        public void Mark() => _mark = Traffic.Now();

        public Counts SinceMark() => Traffic.Now() - _mark;

        public WayResult Result(CompareOptions options)
        {
            var (whole, stored) = (Latency.Of(_whole), Latency.Of(_stored));
            double each = Clients.Count;
            return new WayResult
            {
                Way = Name,
                Requests = Talk.Requests / each,
                HeaderBytes = Talk.Around / each,
                PayloadBytes = Talk.Payload / each,
                IdleBytesAMinute = options.IdleSeconds > 0 ? Idle.Bytes / each * 60 / options.IdleSeconds : 0,
                P50 = whole.P50,
                P99 = whole.P99,
                StoredP50 = stored.P50,
                StoredP99 = stored.P99,
                BackAfterCut = BackAfterCut,
                Lost = Clients.Sum(client => client.Arrivals.Lost),
                Repeated = Clients.Sum(client => client.Arrivals.Repeated),
            };
        }
    }
}
