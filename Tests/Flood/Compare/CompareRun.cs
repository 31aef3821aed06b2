using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// The same messages over every way at once: first nobody speaks, then somebody does, then every client is cut off and comes back.
/// </summary>
internal sealed class CompareRun(CompareOptions options, Action<string> tell, TimeProvider time)
{
    // A server may be far away, but is not to be stormed.
    private const int JoinsAtOnce = 16;

    // What runs for the first time is compiled meanwhile, here and there: nobody's cost.
    private const int WarmUp = 10;

    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(50);

    private readonly LatencyClock _clock = new($"c{Random.Shared.Next():x}", options.TextBytes);
    private readonly Measurements _speaker = new();
    private readonly List<string> _leftOut = [];
    private volatile List<WayGroup> _groups = [];

    /// <summary>How all ways stand. Safe from any thread.</summary>
    public IReadOnlyList<WayStatus> Status() => [.. _groups.Select(group => group.Status())];

    /// <exception cref="FloodException">The server is not there, refuses, or ends a client.</exception>
    public async Task<CompareResult> RunAsync(CancellationToken cancel)
    {
        var target = await FindAsync(cancel);
        await using var speaker = new WebSocketWay(target with { IsSplit = false }, new Traffic(), new Arrivals(_clock, new Delays(), time));
        await speaker.JoinAsync(cancel);
        var all = options.Ways.Where(way => way != "tcp" || options.RawPort > 0).Select(way => new WayGroup(way, target, options.Connections, _clock, time)).ToList();
        try
        {
            await JoinAsync(all, cancel);
            tell($"{_groups.Count} ways, {options.Connections} clients each, in #{options.Room}");
            await SettleAsync(cancel);
            await WarmUpAsync(speaker, cancel);

            await IdleAsync(cancel);
            var messages = await TalkAsync(speaker, cancel);
            await CutAsync(speaker, messages, cancel);
            return ResultOf(messages);
        }
        finally
        {
            await Task.WhenAll(all.SelectMany(group => group.Clients).Select(client => client.Way.DisposeAsync().AsTask()));
        }
    }

    private async Task<CompareTarget> FindAsync(CancellationToken cancel)
    {
        var http = await AnsweringAsync(await ResolveAsync(options.Url, cancel), cancel);
        var isOurs = IPAddress.IsLoopback(http.Address);
        TlsTarget? tls = null;
        if (options.TlsUrl is { } url && options.Ways.Contains("ws-h2"))
            tls = new TlsTarget(await AnsweringAsync(await ResolveAsync(url, cancel), cancel), url, isOurs);
        if (!isOurs)
            tell("the server's clock is another machine's: what passes before the wire and after it is not told apart");
        return new CompareTarget(
            http, new IPEndPoint(http.Address, Math.Max(1, options.RawPort)), tls, options.Url.Authority, options.Room, TimeSpan.FromSeconds(options.PollInterval), isOurs);
    }

    private Task<IReadOnlyList<IPEndPoint>> ResolveAsync(Uri url, CancellationToken cancel) =>
        Target.ResolveAsync(new FloodOptions { Url = url, AllowRemote = options.AllowRemote }, cancel);

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

    // One client of each way goes ahead and finds out whether the way is to be had.
    private async Task JoinAsync(IReadOnlyList<WayGroup> all, CancellationToken cancel)
    {
        var had = new List<WayGroup>();
        foreach (var group in all)
        {
            try
            {
                await group.Clients[0].Way.JoinAsync(cancel);
                had.Add(group);
            }
            catch (LeftOutException why)
            {
                _leftOut.Add($"{group.Name} is left out: {why.Message}");
                tell(_leftOut[^1]);
            }
        }

        if (had.Count == 0)
            throw new FloodException("no way is left to compare");
        await Parallel.ForEachAsync(
            had.SelectMany(group => group.Clients.Skip(1)),
            new ParallelOptions { MaxDegreeOfParallelism = JoinsAtOnce, CancellationToken = cancel },
            async (client, cancelled) => await client.Way.JoinAsync(cancel));
        _groups = had;
    }

    // Who comes is told to those who are there; that belongs to nobody's idle minute.
    private async Task SettleAsync(CancellationToken cancel)
    {
        long before;
        do
        {
            before = _groups.Sum(group => group.Payload);
            await Task.Delay(TimeSpan.FromSeconds(options.PollInterval + 1.2), time, cancel);
        }
        while (_groups.Sum(group => group.Payload) != before);
    }

    private async Task WarmUpAsync(WebSocketWay speaker, CancellationToken cancel)
    {
        for (var i = 0; i < WarmUp; i++)
        {
            await speaker.SayAsync(_clock.Write(LatencyClock.Untimed, 0), cancel);
            await Task.Delay(WarmUpPause, time, cancel);
        }

        await AllHaveAsync(WarmUp, cancel);
    }

    private async Task IdleAsync(CancellationToken cancel)
    {
        MarkAll();
        if (options.IdleSeconds <= 0)
            return;
        tell($"nobody speaks for {options.IdleSeconds:0.#} s");
        await Task.Delay(TimeSpan.FromSeconds(options.IdleSeconds), time, cancel);
        foreach (var group in _groups)
            group.Idle = group.SinceMark();
    }

    // By a schedule that waits for nobody: what is late is late for all that follows, and is seen.
    private async Task<int> TalkAsync(WebSocketWay speaker, CancellationToken cancel)
    {
        var messages = (int)Math.Max(1, Math.Round(options.Rate * options.Seconds));
        tell(FormattableString.Invariant($"{messages} messages of {options.TextBytes} bytes, {options.Rate:0.#} a second"));
        MarkAll();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < messages; i++)
        {
            var due = began + (long)(i / options.Rate * Stopwatch.Frequency);
            while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } left)
                await Task.Delay(left, time, cancel);
            var text = _clock.Write(i, due);
            Measurements.Record(_speaker.FromDue, Stopwatch.GetTimestamp() - due);
            await speaker.SayAsync(text, cancel);
        }

        await AllHaveAsync(WarmUp + messages, cancel);
        foreach (var group in _groups)
            group.Talk = group.SinceMark();
        return messages;
    }

    private async Task CutAsync(WebSocketWay speaker, int messages, CancellationToken cancel)
    {
        MarkAll();
        for (var i = 0; i < _groups.Count; i++)
        {
            var group = _groups[i];
            tell($"cutting {group.Name} off");
            await Task.WhenAll(group.Clients.Select(client => client.Way.CutAsync()));
            var cut = Stopwatch.GetTimestamp();
            await speaker.SayAsync(_clock.Write(LatencyClock.Untimed, cut), cancel);
            var back = await Task.WhenAll(group.Clients.Select(async client =>
            {
                var has = client.Arrivals.HasAsync(WarmUp + messages + i + 1);
                await client.Way.JoinAsync(cancel);
                await WaitAsync(has, client, cancel);
                return Stopwatch.GetElapsedTime(cut).TotalMilliseconds;
            }));
            group.BackAfterCut = back.Order().ElementAt(back.Length / 2);
            await AllHaveAsync(WarmUp + messages + i + 1, cancel);
        }
    }

    private void MarkAll()
    {
        foreach (var group in _groups)
            group.Mark();
    }

    private Task AllHaveAsync(int messages, CancellationToken cancel) =>
        Task.WhenAll(_groups.SelectMany(group => group.Clients).Select(client => WaitAsync(client.Arrivals.HasAsync(messages), client, cancel)));

    private async Task WaitAsync(Task has, WayClient client, CancellationToken cancel)
    {
        var newest = client.Arrivals.Count;
        var since = time.GetTimestamp();
        while (!has.IsCompleted && !client.IsGivenUp)
        {
            if (client.Way.Fault is { } fault)
                throw new FloodException($"{client.Name}: {fault.Message}");
            try
            {
                await has.WaitAsync(TimeSpan.FromSeconds(0.5), time, cancel);
            }
            catch (TimeoutException)
            {
                if (client.Arrivals.Count != newest)
                    (newest, since) = (client.Arrivals.Count, time.GetTimestamp());
                else if (time.GetElapsedTime(since).TotalSeconds >= options.Patience)
                {
                    client.IsGivenUp = true;
                    tell($"{client.Name}: nothing more came for {options.Patience:0.#} s; what it lacks is lost");
                }
            }
        }
    }

    private CompareResult ResultOf(int messages) => new()
    {
        At = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ConnectionsOfEachWay = options.Connections,
        Messages = messages,
        TextBytes = options.TextBytes,
        Seconds = options.Seconds,
        IdleSeconds = options.IdleSeconds,
        PollIntervalSeconds = options.PollInterval,
        SentLateP99 = Latency.Of(_speaker.FromDue).P99,
        Ways = [.. _groups.Select(group => group.Result(options, WarmUp + messages + _groups.Count))],
        LeftOut = _leftOut,
    };
}
