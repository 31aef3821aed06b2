using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>
/// Runs a comparison with all transports at the same time: an idle phase, a phase with messages, and a cut and reconnect of every client.
/// </summary>
internal sealed class CompareRun(CompareOptions options, Action<string> showProgress, TimeProvider time)
{
    // With this number of joins at a time, clients connect to a remote server quickly, but the server gets no burst of requests.
    private const int MaxConcurrentJoins = 16;

    // During these messages the JIT compiles the code of both processes, so the compilation does not delay measured messages.
    private const int WarmUpMessages = 10;

    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(50);

    private readonly TimestampedText _texts = new($"c{Random.Shared.Next():x}", options.TextBytes);
    private readonly Measurements _lateness = new();
    private readonly List<string> _unavailable = [];
    private volatile List<TransportGroup> _groups = [];

    /// <summary>The current status of all transports. Thread-safe.</summary>
    public IReadOnlyList<TransportStatus> GetStatus() => [.. _groups.Select(group => group.GetStatus())];

    /// <exception cref="FloodException">The server can't be reached, refuses a client, or ends the connection of a client.</exception>
    public async Task<CompareResult> RunAsync(CancellationToken cancel)
    {
        var target = await ResolveTargetAsync(cancel);
        await using var publisher = new WebSocketClient(target with { RequestsWireTimes = false }, new Traffic(), new Arrivals(_texts, new DeliveryLatencies(), time));
        await publisher.JoinAsync(cancel);
        var all = options.Transports.Where(transport => transport != "tcp" || options.RawPort > 0).Select(transport => new TransportGroup(transport, target, options.Connections, _texts, time)).ToList();
        try
        {
            await JoinAsync(all, cancel);
            showProgress($"{_groups.Count} transports, {options.Connections} clients each, in #{options.Room}");
            await WaitUntilQuietAsync(cancel);
            await WarmUpAsync(publisher, cancel);

            await MeasureIdleAsync(cancel);
            var messages = await MeasureMessagesAsync(publisher, cancel);
            await MeasureReconnectsAsync(publisher, messages, cancel);
            return CreateResult(messages);
        }
        finally
        {
            await Task.WhenAll(all.SelectMany(group => group.Clients).Select(client => client.Connection.DisposeAsync().AsTask()));
        }
    }

    private async Task<CompareTarget> ResolveTargetAsync(CancellationToken cancel)
    {
        var http = await FindReachableAsync(await ResolveAsync(options.Url, cancel), cancel);
        var isLocal = IPAddress.IsLoopback(http.Address);
        TlsTarget? tls = null;
        if (options.TlsUrl is { } url && options.Transports.Contains("ws-h2"))
            tls = new TlsTarget(await FindReachableAsync(await ResolveAsync(url, cancel), cancel), url, isLocal);
        if (!isLocal)
            showProgress("the server has another clock, so the table can't show \"to wire\" and \"wire to client\"");
        return new CompareTarget(
            http, new IPEndPoint(http.Address, Math.Max(1, options.RawPort)), tls, options.Url.Authority, options.Room, TimeSpan.FromSeconds(options.PollInterval), isLocal);
    }

    private Task<IReadOnlyList<IPEndPoint>> ResolveAsync(Uri url, CancellationToken cancel) =>
        TargetResolver.ResolveAsync(new FloodOptions { Url = url, AllowRemote = options.AllowRemote }, cancel);

    // localhost may have two addresses, and the server may use only one of them.
    private static async Task<IPEndPoint> FindReachableAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        FloodException? last = null;
        foreach (var address in addresses)
        {
            try
            {
                using var connection = await CountingConnection.ConnectAsync(address, new Traffic(), cancel);
                return address;
            }
            catch (FloodException fault)
            {
                last = fault;
            }
        }

        throw last!;
    }

    // The first client of each transport checks whether the transport is available.
    private async Task JoinAsync(IReadOnlyList<TransportGroup> all, CancellationToken cancel)
    {
        var available = new List<TransportGroup>();
        foreach (var group in all)
        {
            try
            {
                await group.Clients[0].Connection.JoinAsync(cancel);
                available.Add(group);
            }
            catch (TransportUnavailableException why)
            {
                _unavailable.Add($"{group.Name} is left out: {why.Message}");
                showProgress(_unavailable[^1]);
            }
        }

        if (available.Count == 0)
            throw new FloodException("no transport is left to compare");
        await Parallel.ForEachAsync(
            available.SelectMany(group => group.Clients.Skip(1)),
            new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrentJoins, CancellationToken = cancel },
            async (client, _) => await client.Connection.JoinAsync(cancel));
        _groups = available;
    }

    // Members receive a presence frame for each join. This method waits until the last of these frames has arrived, because presence frames
    // must not count as idle traffic.
    private async Task WaitUntilQuietAsync(CancellationToken cancel)
    {
        long before;
        do
        {
            before = _groups.Sum(group => group.Payload);
            await Task.Delay(TimeSpan.FromSeconds(options.PollInterval + 1.2), time, cancel);
        }
        while (_groups.Sum(group => group.Payload) != before);
    }

    private async Task WarmUpAsync(WebSocketClient publisher, CancellationToken cancel)
    {
        for (var i = 0; i < WarmUpMessages; i++)
        {
            await publisher.SayAsync(_texts.Create(TimestampedText.Untimed, 0), cancel);
            await Task.Delay(WarmUpPause, time, cancel);
        }

        await WaitForAllAsync(WarmUpMessages, cancel);
    }

    private async Task MeasureIdleAsync(CancellationToken cancel)
    {
        StartPhase();
        if (options.IdleSeconds <= 0)
            return;
        showProgress($"idle for {options.IdleSeconds:0.#} s");
        await Task.Delay(TimeSpan.FromSeconds(options.IdleSeconds), time, cancel);
        foreach (var group in _groups)
            group.Idle = group.GetPhaseCounts();
    }

    // Publishes on a fixed schedule that never waits for the server, so the latency includes the delays of the server.
    private async Task<int> MeasureMessagesAsync(WebSocketClient publisher, CancellationToken cancel)
    {
        var messages = (int)Math.Max(1, Math.Round(options.Rate * options.Seconds));
        showProgress(FormattableString.Invariant($"{messages} messages of {options.TextBytes} bytes, {options.Rate:0.#} a second"));
        StartPhase();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < messages; i++)
        {
            var due = start + (long)(i / options.Rate * Stopwatch.Frequency);
            while (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } left)
                await Task.Delay(left, time, cancel);
            var text = _texts.Create(i, due);
            Measurements.Record(_lateness.FromDue, Stopwatch.GetTimestamp() - due);
            await publisher.SayAsync(text, cancel);
        }

        await WaitForAllAsync(WarmUpMessages + messages, cancel);
        foreach (var group in _groups)
            group.Active = group.GetPhaseCounts();
        return messages;
    }

    private async Task MeasureReconnectsAsync(WebSocketClient publisher, int messages, CancellationToken cancel)
    {
        StartPhase();
        for (var i = 0; i < _groups.Count; i++)
        {
            var group = _groups[i];
            showProgress($"cutting the clients of {group.Name}");
            await Task.WhenAll(group.Clients.Select(client => client.Connection.CutAsync()));
            var cut = Stopwatch.GetTimestamp();
            await publisher.SayAsync(_texts.Create(TimestampedText.Untimed, cut), cancel);
            var back = await Task.WhenAll(group.Clients.Select(async client =>
            {
                var received = client.Arrivals.WaitForCountAsync(WarmUpMessages + messages + i + 1);
                await client.Connection.JoinAsync(cancel);
                await WaitForClientAsync(received, client, cancel);
                return Stopwatch.GetElapsedTime(cut).TotalMilliseconds;
            }));
            group.ReconnectMilliseconds = back.Order().ElementAt(back.Length / 2);
            await WaitForAllAsync(WarmUpMessages + messages + i + 1, cancel);
        }
    }

    private void StartPhase()
    {
        foreach (var group in _groups)
            group.StartPhase();
    }

    private Task WaitForAllAsync(int messages, CancellationToken cancel) =>
        Task.WhenAll(_groups.SelectMany(group => group.Clients).Select(client => WaitForClientAsync(client.Arrivals.WaitForCountAsync(messages), client, cancel)));

    private async Task WaitForClientAsync(Task received, ComparedClient client, CancellationToken cancel)
    {
        var count = client.Arrivals.Count;
        var since = time.GetTimestamp();
        while (!received.IsCompleted && !client.IsGivenUp)
        {
            if (client.Connection.Fault is { } fault)
                throw new FloodException($"{client.Name}: {fault.Message}");
            try
            {
                await received.WaitAsync(TimeSpan.FromSeconds(0.5), time, cancel);
            }
            catch (TimeoutException)
            {
                if (client.Arrivals.Count != count)
                    (count, since) = (client.Arrivals.Count, time.GetTimestamp());
                else if (time.GetElapsedTime(since).TotalSeconds >= options.Patience)
                {
                    client.IsGivenUp = true;
                    showProgress($"{client.Name}: no message arrived for {options.Patience:0.#} s; the missing messages are lost");
                }
            }
        }
    }

    private CompareResult CreateResult(int messages) => new()
    {
        At = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ConnectionsPerTransport = options.Connections,
        Messages = messages,
        TextBytes = options.TextBytes,
        Seconds = options.Seconds,
        IdleSeconds = options.IdleSeconds,
        PollIntervalSeconds = options.PollInterval,
        SentLateP99 = Latency.FromHistogram(_lateness.FromDue).P99,
        Transports = [.. _groups.Select(group => group.CreateResult(options, WarmUpMessages + messages + _groups.Count))],
        LeftOut = _unavailable,
    };
}
