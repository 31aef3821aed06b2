using System.Diagnostics;
using System.Net;

namespace RawSocketChat.Tests.Flood;

/// <summary>One flood: all connect and join, the messages go out by their schedule, all arrive, all leave.</summary>
public sealed class FloodRun
{
    private readonly FloodOptions _options;
    private readonly TextWriter _output;
    private readonly Publications _publications;
    private readonly FrameScan _scan;
    private readonly Complaints _complaints = new();
    private readonly ThreadLocal<Measurements> _measurements = new(() => new Measurements(), trackAllValues: true);
    private readonly List<FloodClient> _clients = [];

    private FloodRun(FloodOptions options, TextWriter output)
    {
        _options = options;
        _output = output;
        _publications = new Publications(options);
        _scan = new FrameScan(options.Room, _publications);
    }

    /// <summary>Floods, reports to <paramref name="output"/>, and leaves nothing open. What goes wrong is in the result.</summary>
    public static async Task<FloodResult> RunAsync(FloodOptions options, TextWriter output, CancellationToken cancel)
    {
        if (options.Problem() is { } problem) return FloodResult.Failed(FloodResult.BadOptions, problem);
        var run = new FloodRun(options, output);
        try
        {
            return await run.RunAsync(cancel);
        }
        catch (FloodException e)
        {
            return FloodResult.Failed(e.ExitCode, e.Message);
        }
        catch (OperationCanceledException)
        {
            return FloodResult.Failed(FloodResult.Interrupted, "interrupted before all were connected");
        }
        finally
        {
            run._clients.ForEach(client => client.Dispose());
            run._measurements.Dispose();
        }
    }

    private async Task<FloodResult> RunAsync(CancellationToken cancel)
    {
        var addresses = await Target.ResolveAsync(_options, cancel);
        Report.Begin(_output, _options);
        var began = Stopwatch.GetTimestamp();
        await ConnectAsync(addresses, cancel);
        var connectSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Report.Connected(_output, _clients.Count, connectSeconds);

        var publisher = new Publisher(_clients[.._options.PublisherCount], _publications);
        var before = Environment.CpuUsage;
        _publications.Begin(Stopwatch.GetTimestamp());
        await publisher.RunAsync(cancel);
        if (_publications.Count == 0) await HoldAsync(cancel);
        await ArrivedAsync();
        var after = Environment.CpuUsage;
        await LeaveAsync();

        var result = Summed(publisher) with
        {
            ConnectSeconds = connectSeconds,
            GeneratorCpuSeconds = (after.TotalTime - before.TotalTime).TotalSeconds,
            GeneratorUserSeconds = (after.UserTime - before.UserTime).TotalSeconds,
        };
        result = result.Judged();
        Report.End(_output, result);
        return result;
    }

    // The first one alone: it finds the address that answers, and makes the room. The others beside one another.
    private async Task ConnectAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        var server = await ConnectFirstAsync(addresses, cancel);
        var connected = 1;
        var clients = new FloodClient?[_options.Connections];
        clients[0] = _clients[0];
        try
        {
            var ramp = new ParallelOptions { MaxDegreeOfParallelism = _options.Ramp, CancellationToken = cancel };
            await Parallel.ForAsync(1, _options.Connections, ramp, async (i, stop) =>
            {
                var client = clients[i] = NewClient(server);
                await JoinAsync(client, i, stop);
                Interlocked.Increment(ref connected);
            });
        }
        catch (FloodException e)
        {
            throw new FloodException($"only {connected} of {_options.Connections} connections could be made: {e.Message}");
        }
        finally
        {
            _clients.AddRange(clients.Skip(1).OfType<FloodClient>());
        }
    }

    private async Task<EndPoint> ConnectFirstAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        FloodException? refused = null;
        foreach (var address in addresses)
        {
            var client = NewClient(address);
            try
            {
                await JoinAsync(client, 0, cancel);
                _clients.Add(client);
                return address;
            }
            catch (FloodException e)
            {
                client.Dispose();
                refused = e;
            }
        }
        throw new FloodException($"could not connect to {_options.Url}: {refused?.Message ?? "no address"}");
    }

    private FloodClient NewClient(EndPoint server) =>
        new(server, new Subscriber(_options.Room, _scan, _publications, _measurements, _complaints));

    private async Task JoinAsync(FloodClient client, int index, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.Patience));
        try
        {
            await client.JoinAsync(_options.Url, $"flood-{index + 1}", limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new FloodException($"no answer for {_options.Patience} s");
        }
    }

    private async Task HoldAsync(CancellationToken cancel)
    {
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(_options.Seconds), cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C ends the holding, not the report
        }
    }

    // Ends when every message has its answer and every subscriber every acknowledged message, or when for so long as
    // --patience says nothing has come. Ctrl+C stops the sending; what was sent is still waited for.
    private async Task ArrivedAsync()
    {
        var (before, since) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            var delivered = _measurements.Values.Sum(thread => thread.Deliveries);
            var open = _clients.Count(client => !client.Ended.IsCompleted);
            if (_publications.AllAnswered && delivered >= (long)_publications.Acknowledged * open) return;
            if (delivered != before) (before, since) = (delivered, Stopwatch.GetTimestamp());
            if (open == 0 || Stopwatch.GetElapsedTime(since).TotalSeconds > _options.Patience) return;
            await Task.Delay(20);
        }
    }

    // The server answers a close after all that it had sent before: a repeat that was still on its way is seen, too.
    private async Task LeaveAsync()
    {
        foreach (var client in _clients) client.Leave();
        await Task.WhenAny(Task.WhenAll(_clients.Select(client => client.Ended)), Task.Delay(TimeSpan.FromSeconds(5)));
    }

    private FloodResult Summed(Publisher publisher)
    {
        var total = new Measurements();
        foreach (var thread in _measurements.Values) total.Add(thread);
        var subscribers = _clients.ConvertAll(client => client.Subscriber);
        var checks = subscribers.ConvertAll(subscriber => subscriber.Check!);
        var published = _publications.AcknowledgedBits();
        return new FloodResult
        {
            Connections = _clients.Count,
            Scheduled = _publications.Count,
            Sent = _publications.SentCount,
            Acknowledged = _publications.Acknowledged,
            Refused = _publications.Refused,
            Deliveries = checks.Sum(check => check.Delivered),
            DeliverySeconds = total.LastArrival == 0 ? 0 : Stopwatch.GetElapsedTime(_publications.Start, total.LastArrival).TotalSeconds,
            Lost = checks.Sum(check => Math.Max(check.Holes, check.Lost(published))),
            Repeated = checks.Sum(check => check.Repeated),
            OutOfOrder = checks.Sum(check => check.OutOfOrder),
            Disagreed = subscribers.Sum(subscriber => subscriber.Disagreed),
            Closed = subscribers.Count(subscriber => subscriber.WasClosed),
            FromDue = Latency.Of(total.FromDue),
            FromSend = Latency.Of(total.FromSend),
            Acks = Latency.Of(total.Acks),
            Lateness = Latency.Of(publisher.Lateness),
            Complaints = _complaints.Lines(),
        };
    }
}
