using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// Measures the processor time that other processes take during a measurement. The report prints this time, because the figures of a busy
/// machine are less reliable.
/// </summary>
internal sealed class MachineLoad(Func<CpuTime> measured)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly double _otherSecondsAtStart = ReadOtherSeconds(measured);

    /// <summary>The average number of cores that other processes used since this object was created.</summary>
    public double BusyCores => Math.Max(0, ReadOtherSeconds(measured) - _otherSecondsAtStart) / Stopwatch.GetElapsedTime(_began).TotalSeconds;

    // proc(5), stat: user, nice and system time of all processes since boot, in 1/100 s. Interrupts are not counted, because the measured traffic
    // causes them.
    private static double ReadOtherSeconds(Func<CpuTime> measured)
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var all = fields[1..4].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / 100.0;
        return all - (measured().Total / 1e6) - Environment.CpuUsage.TotalTime.TotalSeconds;
    }
}
