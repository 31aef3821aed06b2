using System.Globalization;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>Reads CPU time and memory of another process from <c>/proc</c>.</summary>
internal sealed class ServerMeter
{
    // USER_HZ: the unit of CPU time in /proc, the same on every architecture that .NET supports.
    private const double TicksPerSecond = 100;

    private readonly string _folder;
    private long _rss;
    private double _cpu;

    private ServerMeter(int pid) => _folder = $"/proc/{pid}";

    /// <summary>The largest memory of all readings, in bytes.</summary>
    public long MaxRss => Volatile.Read(ref _rss);

    /// <summary>The CPU time at the last successful reading, in seconds.</summary>
    public double LastCpu => Volatile.Read(ref _cpu);

    /// <summary>Creates a meter for a process; returns null if <paramref name="pid"/> is null.</summary>
    /// <exception cref="FloodException">The process does not exist, or the system has no <c>/proc</c>.</exception>
    public static ServerMeter? For(int? pid)
    {
        if (pid is not { } number) return null;
        if (!OperatingSystem.IsLinux())
            throw new FloodException("--server-pid reads /proc, which this system does not have", FloodResult.BadOptions);
        var meter = new ServerMeter(number);
        return meter.TryRead(out _) ? meter : throw new FloodException($"--server-pid: there is no process {number}", FloodResult.BadOptions);
    }

    /// <summary>Reads the CPU time so far, in seconds, and the memory. Returns false if the process has ended.</summary>
    public bool TryRead(out double cpuSeconds)
    {
        cpuSeconds = 0;
        try
        {
            // The name in parentheses may have any characters. The fields after the name are state, parent and so on. The 12th and 13th of
            // these fields are user and system time (proc(5)).
            var stat = File.ReadAllText($"{_folder}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            cpuSeconds = (ParseNumber(fields[11]) + ParseNumber(fields[12])) / TicksPerSecond;
            Volatile.Write(ref _cpu, cpuSeconds);
            var rss = File.ReadLines($"{_folder}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            var bytes = ParseNumber(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) * 1024;
            if (bytes > MaxRss) Volatile.Write(ref _rss, bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return false;
        }
    }

    private static long ParseNumber(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
