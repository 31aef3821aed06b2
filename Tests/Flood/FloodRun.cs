using System.Diagnostics;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Meters;
using RawSocketChat.Tests.Flood.Output;

namespace RawSocketChat.Tests.Flood;

/// <summary>
/// One run: connects all members, publishes messages on schedule, waits until they have arrived, and closes all connections.
/// </summary>
public sealed class FloodRun : IDisposable
{
    private readonly FloodOptions _options;
    private readonly TextWriter _output;
    private readonly RunOutputs _outputs;
    private readonly Publications _publications;
    private readonly ProblemCounter _problems = new();
    private readonly ThreadLocal<Measurements> _measurements = new(() => new Measurements(), trackAllValues: true);
    private readonly MemberPool _members;
    private readonly ServerMeter? _server;
    private readonly LagProbe _probe;
    private UsageSample _warmUpEnd;
    private bool _wasInterrupted;

    private FloodRun(FloodOptions options, TextWriter output, RunOutputs outputs)
    {
        (_options, _output, _outputs) = (options, output, outputs);
        _server = ServerMeter.For(options.ServerPid);
        _publications = new Publications(MessageSchedule.Create(options), options.RoomNames);
        _members = new MemberPool(options, _publications, _measurements, _problems);
        _probe = new LagProbe(TimeProvider.System);
    }

    /// <summary>
    /// Runs the flood, writes the report to <paramref name="output"/>, and closes all connections. If an option is invalid, or the server or
    /// a connection fails, the result contains the error.
    /// </summary>
    public static Task<FloodResult> RunAsync(FloodOptions options, TextWriter output, CancellationToken cancel) =>
        RunAsync(options, output, new RunOutputs(), cancel);

    internal static async Task<FloodResult> RunAsync(FloodOptions options, TextWriter output, RunOutputs outputs, CancellationToken cancel)
    {
        if (options.FindProblem() is { } problem) return FloodResult.CreateFailure(FloodResult.BadOptions, problem);
        try
        {
            using var run = new FloodRun(options, output, outputs);
            return await run.RunAsync(cancel);
        }
        catch (FloodException e)
        {
            return FloodResult.CreateFailure(e.ExitCode, e.Message);
        }
        catch (OperationCanceledException)
        {
            return FloodResult.CreateFailure(FloodResult.Interrupted, "interrupted before all connections were open");
        }
    }

    public void Dispose()
    {
        _members.Dispose();
        _measurements.Dispose();
        _probe.Dispose();
    }

    private async Task<FloodResult> RunAsync(CancellationToken cancel)
    {
        var addresses = await TargetResolver.ResolveAsync(_options, cancel);
        Report.WriteStart(_output, _options, (_publications.Count, _publications.DurationSeconds));
        var start = Stopwatch.GetTimestamp();
        await _members.ConnectAsync(addresses, cancel);
        var connectSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Report.WriteConnected(_output, _members.Members.Count, connectSeconds);

        var publisher = new Publisher(_members.PublishersByRoom, _publications, OnWarmUpEnded);
        using var monitor = new RunMonitor(_options, _members, _publications, () => _measurements.Values, _server, _outputs);
        _warmUpEnd = UsageSample.Capture(_server, 0);
        _publications.SetStartTime(Stopwatch.GetTimestamp());
        monitor.Start();
        await PublishAsync(publisher, cancel);
        await WaitForArrivalsAsync();
        var end = UsageSample.Capture(_server, Deliveries);
        monitor.Stop();
        await _members.LeaveAsync();

        var result = (CreateResult(publisher, end) with { ConnectSeconds = connectSeconds, WasInterrupted = _wasInterrupted }).Evaluate(_options);
        Report.WriteSummary(_output, result);
        return result;
    }

    private long Deliveries => _measurements.Values.Sum(thread => thread.Deliveries);

    private void OnWarmUpEnded()
    {
        _warmUpEnd = UsageSample.Capture(_server, Deliveries);
        _probe.Start();
    }

    private async Task PublishAsync(Publisher publisher, CancellationToken cancel)
    {
        using var churnEnd = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _members.IsPublishing = true;
        var churn = new Churn(_members.Members, _options.Churn, _options.Seed, TimeProvider.System).RunAsync(churnEnd.Token);
        await publisher.RunAsync(cancel);
        if (_publications.Count == 0)
            await Task.Delay(TimeSpan.FromSeconds(_options.Seconds), TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wasInterrupted = cancel.IsCancellationRequested;
        if (!_wasInterrupted && _publications.SentCount < _publications.Count) _problems.Add("ended", "all publishers were disconnected before the last message");
        await churnEnd.CancelAsync();
        await churn;
        _members.IsPublishing = false;
    }

    // Waits until every message is answered and every subscriber has every acknowledged message. Stops waiting if nothing arrives for the
    // time of --patience, or if all connections are closed. After Ctrl+C, it still waits for the messages that were sent.
    private async Task WaitForArrivalsAsync()
    {
        await _members.WaitForReconnectsAsync();
        var (before, since) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            if (_publications.AllAnswered && _members.AllMembersHaveAllMessages) return;
            var delivered = Deliveries;
            if (delivered != before) (before, since) = (delivered, Stopwatch.GetTimestamp());
            if (_members.Members.All(member => member.IsClosed) || Stopwatch.GetElapsedTime(since).TotalSeconds > _options.Patience) return;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private FloodResult CreateResult(Publisher publisher, UsageSample end)
    {
        var total = new Measurements();
        foreach (var thread in _measurements.Values) total.Add(thread);
        var members = _members.Members;
        var checks = members.Select(member => member.Subscriber.Check!).ToList();
        var published = Enumerable.Range(0, _options.Rooms).Select(_publications.GetAcknowledgedBits).ToList();
        var measured = end.Deliveries - _warmUpEnd.Deliveries;
        return new FloodResult
        {
            Connections = members.Count,
            Scheduled = _publications.Count,
            Sent = _publications.SentCount,
            Resent = _publications.ResentCount,
            Acknowledged = _publications.AcknowledgedCount,
            Refused = _publications.RejectedCount,
            Deliveries = checks.Sum(check => check.Delivered),
            DeliverySeconds = total.LastArrival == 0 ? 0 : Stopwatch.GetElapsedTime(_publications.StartTime, total.LastArrival).TotalSeconds,
            Lost = members.Sum(member => Math.Max(member.Subscriber.Check!.Holes, member.Subscriber.Check.CountLost(published[member.Subscriber.RoomIndex]))),
            Repeated = checks.Sum(check => check.Repeated),
            OutOfOrder = checks.Sum(check => check.OutOfOrder),
            SeqConflicts = members.Sum(member => member.Subscriber.SeqConflicts),
            Altered = members.Sum(member => member.Subscriber.Altered),
            Closed = members.Count(member => member.Subscriber.WasClosed),
            ClosedAsSlow = members.Sum(member => member.ClosedAsSlow),
            Cuts = members.Sum(member => member.Cuts),
            FromDue = Latency.FromHistogram(total.FromDue),
            FromSend = Latency.FromHistogram(total.FromSend),
            Acks = Latency.FromHistogram(total.Acks),
            Recovery = Latency.FromHistogram(total.Recovery),
            Lateness = Latency.FromHistogram(publisher.Lateness),
            Lag = Latency.FromHistogram(_probe.Stop()),
            MeasuredDeliveries = measured,
            GeneratorCpuSeconds = (end.Generator.TotalTime - _warmUpEnd.Generator.TotalTime).TotalSeconds,
            GeneratorUserSeconds = (end.Generator.UserTime - _warmUpEnd.Generator.UserTime).TotalSeconds,
            Server = GetServerCost(end, measured),
            Notes = _problems.ToLines(),
        };
    }

    private ServerCost? GetServerCost(UsageSample end, long measured)
    {
        if (_server is null) return null;
        if (!_server.TryRead(out _)) _problems.Add("server", $"process {_options.ServerPid} has ended; its CPU time is the last one that was read, up to a second before the end");
        var cpu = end.ServerCpu - _warmUpEnd.ServerCpu;
        var seconds = Stopwatch.GetElapsedTime(_warmUpEnd.At, end.At).TotalSeconds;
        return new ServerCost(cpu, seconds > 0 ? cpu / seconds : 0, _server.MaxRss, measured > 0 ? cpu * 1e6 / measured : null);
    }

    // Resource usage at one moment. The usage of a period is the difference of two samples.
    private readonly record struct UsageSample(long At, long Deliveries, Environment.ProcessCpuUsage Generator, double ServerCpu)
    {
        public static UsageSample Capture(ServerMeter? server, long deliveries)
        {
            server?.TryRead(out _);
            return new UsageSample(Stopwatch.GetTimestamp(), deliveries, Environment.CpuUsage, server?.LastCpu ?? 0);
        }
    }
}
