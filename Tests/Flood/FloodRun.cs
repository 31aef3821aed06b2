using System.Diagnostics;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Meters;
using RawSocketChat.Tests.Flood.Output;

namespace RawSocketChat.Tests.Flood;

/// <summary>One flood: all connect and join, the messages go out by their schedule, all arrive, all leave.</summary>
public sealed class FloodRun : IDisposable
{
    private readonly FloodOptions _options;
    private readonly TextWriter _output;
    private readonly RunOutputs _outputs;
    private readonly Publications _publications;
    private readonly Complaints _complaints = new();
    private readonly ThreadLocal<Measurements> _measurements = new(() => new Measurements(), trackAllValues: true);
    private readonly Crew _crew;
    private readonly ServerMeter? _server;
    private readonly LagProbe _probe;
    private Mark _warm;
    private bool _wasInterrupted;

    private FloodRun(FloodOptions options, TextWriter output, RunOutputs outputs)
    {
        (_options, _output, _outputs) = (options, output, outputs);
        _server = ServerMeter.For(options.ServerPid);
        _publications = new Publications(Script.Of(options), options.RoomNames);
        _crew = new Crew(options, _publications, _measurements, _complaints);
        _probe = new LagProbe(TimeProvider.System);
    }

    /// <summary>Floods, reports to <paramref name="output"/>, and leaves nothing open. What goes wrong is in the result.</summary>
    public static Task<FloodResult> RunAsync(FloodOptions options, TextWriter output, CancellationToken cancel) =>
        RunAsync(options, output, new RunOutputs(), cancel);

    internal static async Task<FloodResult> RunAsync(FloodOptions options, TextWriter output, RunOutputs outputs, CancellationToken cancel)
    {
        if (options.Problem() is { } problem) return FloodResult.Failed(FloodResult.BadOptions, problem);
        try
        {
            using var run = new FloodRun(options, output, outputs);
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
    }

    public void Dispose()
    {
        _crew.Dispose();
        _measurements.Dispose();
        _probe.Dispose();
    }

    private async Task<FloodResult> RunAsync(CancellationToken cancel)
    {
        var addresses = await Target.ResolveAsync(_options, cancel);
        Report.Begin(_output, _options, (_publications.Count, _publications.Seconds));
        var began = Stopwatch.GetTimestamp();
        await _crew.ConnectAsync(addresses, cancel);
        var connectSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Report.Connected(_output, _crew.Members.Count, connectSeconds);

        var publisher = new Publisher(_crew.Publishers, _publications, Warm);
        using var watch = new Watch(_options, _crew, _publications, () => _measurements.Values, _server, _outputs);
        _warm = Mark.Now(_server, 0);
        _publications.Begin(Stopwatch.GetTimestamp());
        watch.Start();
        await PublishAsync(publisher, cancel);
        await ArrivedAsync();
        var end = Mark.Now(_server, Deliveries);
        watch.Stop();
        await _crew.LeaveAsync();

        var result = (Summed(publisher, end) with { ConnectSeconds = connectSeconds, WasInterrupted = _wasInterrupted }).Judged(_options);
        Report.End(_output, result);
        return result;
    }

    private long Deliveries => _measurements.Values.Sum(thread => thread.Deliveries);

    private void Warm()
    {
        _warm = Mark.Now(_server, Deliveries);
        _probe.Begin();
    }

    private async Task PublishAsync(Publisher publisher, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _crew.IsPublishing = true;
        var churn = new Churn(_crew.Members, _options.Churn, _options.Seed, TimeProvider.System).RunAsync(over.Token);
        await publisher.RunAsync(cancel);
        if (_publications.Count == 0)
            await Task.Delay(TimeSpan.FromSeconds(_options.Seconds), TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wasInterrupted = cancel.IsCancellationRequested;
        if (!_wasInterrupted && _publications.SentCount < _publications.Count) _complaints.Add("ended", "nobody was left to say the rest");
        await over.CancelAsync();
        await churn;
        _crew.IsPublishing = false;
    }

    // Ends when every message has its answer and every subscriber every acknowledged message, or when for so long as
    // --patience says nothing has come. Ctrl+C stops the sending; what was sent is still waited for.
    private async Task ArrivedAsync()
    {
        await _crew.SettleAsync();
        var (before, since) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            if (_publications.AllAnswered && _crew.HaveAll) return;
            var delivered = Deliveries;
            if (delivered != before) (before, since) = (delivered, Stopwatch.GetTimestamp());
            if (_crew.Members.All(member => member.IsOver) || Stopwatch.GetElapsedTime(since).TotalSeconds > _options.Patience) return;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private FloodResult Summed(Publisher publisher, Mark end)
    {
        var total = new Measurements();
        foreach (var thread in _measurements.Values) total.Add(thread);
        var members = _crew.Members;
        var checks = members.Select(member => member.Subscriber.Check!).ToList();
        var published = Enumerable.Range(0, _options.Rooms).Select(_publications.AcknowledgedBits).ToList();
        var measured = end.Deliveries - _warm.Deliveries;
        return new FloodResult
        {
            Connections = members.Count,
            Scheduled = _publications.Count,
            Sent = _publications.SentCount,
            SentAgain = _publications.SentAgain,
            Acknowledged = _publications.Acknowledged,
            Refused = _publications.Refused,
            Deliveries = checks.Sum(check => check.Delivered),
            DeliverySeconds = total.LastArrival == 0 ? 0 : Stopwatch.GetElapsedTime(_publications.Start, total.LastArrival).TotalSeconds,
            Lost = members.Sum(member => Math.Max(member.Subscriber.Check!.Holes, member.Subscriber.Check.Lost(published[member.Subscriber.Room]))),
            Repeated = checks.Sum(check => check.Repeated),
            OutOfOrder = checks.Sum(check => check.OutOfOrder),
            Disagreed = members.Sum(member => member.Subscriber.Disagreed),
            Altered = members.Sum(member => member.Subscriber.Altered),
            Closed = members.Count(member => member.Subscriber.WasClosed),
            LetGo = members.Sum(member => member.LetGo),
            Cuts = members.Sum(member => member.Cuts),
            FromDue = Latency.Of(total.FromDue),
            FromSend = Latency.Of(total.FromSend),
            Acks = Latency.Of(total.Acks),
            Recovery = Latency.Of(total.Recovery),
            Lateness = Latency.Of(publisher.Lateness),
            Lag = Latency.Of(_probe.End()),
            MeasuredDeliveries = measured,
            GeneratorCpuSeconds = (end.Generator.TotalTime - _warm.Generator.TotalTime).TotalSeconds,
            GeneratorUserSeconds = (end.Generator.UserTime - _warm.Generator.UserTime).TotalSeconds,
            Server = ServerCost(end, measured),
            Complaints = _complaints.Lines(),
        };
    }

    private ServerCost? ServerCost(Mark end, long measured)
    {
        if (_server is null) return null;
        if (!_server.TryRead(out _)) _complaints.Add("server", $"process {_options.ServerPid} has ended; its CPU time is that of its last second");
        var cpu = end.ServerCpu - _warm.ServerCpu;
        var seconds = Stopwatch.GetElapsedTime(_warm.At, end.At).TotalSeconds;
        return new ServerCost(cpu, seconds > 0 ? cpu / seconds : 0, _server.MostRss, measured > 0 ? cpu * 1e6 / measured : null);
    }

    // How things stand at one moment; costs are between two of them.
    private readonly record struct Mark(long At, long Deliveries, Environment.ProcessCpuUsage Generator, double ServerCpu)
    {
        public static Mark Now(ServerMeter? server, long deliveries)
        {
            server?.TryRead(out _);
            return new Mark(Stopwatch.GetTimestamp(), deliveries, Environment.CpuUsage, server?.LastCpu ?? 0);
        }
    }
}
