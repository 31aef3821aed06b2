using System.Diagnostics;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Meters;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// Updates the display four times a second and the histogram log once a second, on its own thread. It reads the data of the measuring
/// threads and takes no lock that these threads use.
/// </summary>
internal sealed class RunMonitor(
    FloodOptions options, MemberPool members, Publications publications, Func<IEnumerable<Measurements>> threads, ServerMeter? server, RunOutputs outputs) : IDisposable
{
    private const int TicksPerSecond = 4;
    private readonly CancellationTokenSource _stop = new();
    private readonly Intervals _intervals = new(threads);
    private Thread? _thread;
    private long _since = Stopwatch.GetTimestamp();
    private int _sent;
    private long _deliveries;
    private double? _cpu;
    private Snapshot? _last;

    public void Start()
    {
        _cpu = ReadCpu();
        _thread = new Thread(Run) { IsBackground = true, Name = "run monitor", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>Stops the thread, and writes the last interval to the log.</summary>
    public void Stop()
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _thread?.Join();
        outputs.Display?.End();
        outputs.Hdr?.Append(_intervals.Next());
    }

    public void Dispose()
    {
        Stop();
        _stop.Dispose();
    }

    private void Run()
    {
        for (var tick = 1; !_stop.Token.WaitHandle.WaitOne(1000 / TicksPerSecond); tick++)
        {
            var isSecond = tick % TicksPerSecond == 0;
            if (isSecond) SampleSecond();
            if (_last is not null && (isSecond || outputs.Display is TerminalDisplay)) outputs.Display?.Show(UpdateSnapshot(_last));
        }
    }

    private void SampleSecond()
    {
        var now = Stopwatch.GetTimestamp();
        var seconds = Stopwatch.GetElapsedTime(_since, now).TotalSeconds;
        var interval = _intervals.Next();
        outputs.Hdr?.Append(interval);
        var (sent, deliveries, cpu) = (publications.SentCount, threads().Sum(thread => thread.Deliveries), ReadCpu());
        _last = UpdateSnapshot(new Snapshot
        {
            Seconds = 0,
            IsWarmingUp = true,
            Sent = sent,
            Scheduled = publications.Count,
            MessagesPerSecond = (sent - _sent) / seconds,
            DeliveriesPerSecond = (deliveries - _deliveries) / seconds,
            LastSecond = Latency.FromHistogram(interval.FromDue),
            Connected = 0,
            Connections = options.Connections,
            Lost = 0,
            Repeated = 0,
            Altered = 0,
            ServerCpu = (cpu - _cpu) / seconds * 100,
        });
        (_since, _sent, _deliveries, _cpu) = (now, sent, deliveries, cpu);
    }

    private Snapshot UpdateSnapshot(Snapshot last) => last with
    {
        Seconds = Stopwatch.GetElapsedTime(publications.StartTime).TotalSeconds,
        IsWarmingUp = publications.SentCount < publications.WarmUpCount,
        Sent = publications.SentCount,
        Connected = members.Members.Count(member => member.IsJoined),
        Lost = members.Members.Sum(member => member.Subscriber.Check!.Holes),
        Repeated = members.Members.Sum(member => member.Subscriber.Check!.Repeated),
        Altered = members.Members.Sum(member => member.Subscriber.Altered),
    };

    private double? ReadCpu() => server is not null && server.TryRead(out var seconds) ? seconds : null;
}

/// <summary>The outputs during a run. Null: no such output.</summary>
internal sealed record RunOutputs(IRunDisplay? Display = null, HdrLog? Hdr = null);
