using System.Diagnostics;
using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>How much of the machine others take while something is measured: figures of a busy machine are worth less, and say so.</summary>
internal sealed class MachineLoad(Func<CpuTime> measured)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly double _others = Others(measured);

    /// <summary>Since this was made: so many cores, of all that there are, were busy with none of it.</summary>
    public double BusyCores => Math.Max(0, Others(measured) - _others) / Stopwatch.GetElapsedTime(_began).TotalSeconds;

    // proc(5), stat: user, nice and system time of all processes since the start, in hundredths of a second. Interrupts are left out: they are the traffic's that is measured.
    private static double Others(Func<CpuTime> measured)
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var all = fields[1..4].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / 100.0;
        return all - (measured().Total / 1e6) - Environment.CpuUsage.TotalTime.TotalSeconds;
    }
}
