using System.Diagnostics;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Meters;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// Looks at a run from a thread of its own, four times a second; tells the display, and once a second the log of histograms. It reads what
/// others write, and takes no lock of theirs.
/// </summary>
internal sealed class Watch(
    FloodOptions options, Crew crew, Publications publications, Func<IEnumerable<Measurements>> threads, ServerMeter? server, RunOutputs outputs) : IDisposable
{
    private const int TicksASecond = 4;
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
        _cpu = Cpu();
        _thread = new Thread(Run) { IsBackground = true, Name = "watch", Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>Ends it; what came since the last second goes into the log.</summary>
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
        for (var tick = 1; !_stop.Token.WaitHandle.WaitOne(1000 / TicksASecond); tick++)
        {
            var isSecond = tick % TicksASecond == 0;
            if (isSecond) Second();
            if (_last is not null && (isSecond || outputs.Display is TerminalDisplay)) outputs.Display?.Show(Now(_last));
        }
    }

    private void Second()
    {
        var now = Stopwatch.GetTimestamp();
        var seconds = Stopwatch.GetElapsedTime(_since, now).TotalSeconds;
        var interval = _intervals.Next();
        outputs.Hdr?.Append(interval);
        var (sent, deliveries, cpu) = (publications.SentCount, threads().Sum(thread => thread.Deliveries), Cpu());
        _last = Now(new Snapshot
        {
            Seconds = 0,
            IsWarmingUp = true,
            Sent = sent,
            Scheduled = publications.Count,
            MessagesPerSecond = (sent - _sent) / seconds,
            DeliveriesPerSecond = (deliveries - _deliveries) / seconds,
            LastSecond = Latency.Of(interval.FromDue),
            Connected = 0,
            Connections = options.Connections,
            Lost = 0,
            Repeated = 0,
            Altered = 0,
            ServerCpu = (cpu - _cpu) / seconds * 100,
        });
        (_since, _sent, _deliveries, _cpu) = (now, sent, deliveries, cpu);
    }

    private Snapshot Now(Snapshot last) => last with
    {
        Seconds = Stopwatch.GetElapsedTime(publications.Start).TotalSeconds,
        IsWarmingUp = publications.SentCount < publications.WarmUp,
        Sent = publications.SentCount,
        Connected = crew.Members.Count(member => member.IsIn),
        Lost = crew.Members.Sum(member => member.Subscriber.Check!.Holes),
        Repeated = crew.Members.Sum(member => member.Subscriber.Check!.Repeated),
        Altered = crew.Members.Sum(member => member.Subscriber.Altered),
    };

    private double? Cpu() => server is not null && server.TryRead(out var seconds) ? seconds : null;
}

/// <summary>Where a run is shown while it lasts; null: nowhere.</summary>
internal sealed record RunOutputs(IRunDisplay? Display = null, HdrLog? Hdr = null);
