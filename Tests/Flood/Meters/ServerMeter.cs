using System.Globalization;

namespace RawSocketChat.Tests.Flood.Meters;

/// <summary>Reads CPU time and memory of another process from <c>/proc</c>.</summary>
internal sealed class ServerMeter
{
    // USER_HZ: what the kernel counts CPU time in for programs, on every architecture that .NET runs on.
    private const double TicksASecond = 100;

    private readonly string _folder;
    private long _rss;
    private double _cpu;

    private ServerMeter(int pid) => _folder = $"/proc/{pid}";

    /// <summary>The most memory that any reading has found, in bytes.</summary>
    public long MostRss => Volatile.Read(ref _rss);

    /// <summary>Its CPU time at the newest reading, in seconds.</summary>
    public double LastCpu => Volatile.Read(ref _cpu);

    /// <summary>Null where no process was named.</summary>
    /// <exception cref="FloodException">There is no such process, or no <c>/proc</c>.</exception>
    public static ServerMeter? For(int? pid)
    {
        if (pid is not { } number) return null;
        if (!OperatingSystem.IsLinux())
            throw new FloodException("--server-pid reads /proc, which this system does not have", FloodResult.BadOptions);
        var meter = new ServerMeter(number);
        return meter.TryRead(out _) ? meter : throw new FloodException($"--server-pid: there is no process {number}", FloodResult.BadOptions);
    }

    /// <summary>Its CPU time so far, in seconds. False: the process is gone.</summary>
    public bool TryRead(out double cpuSeconds)
    {
        cpuSeconds = 0;
        try
        {
            // The name, in parentheses, may hold anything; behind it come state, parent …, and as 12th and 13th user and system time (proc(5)).
            var stat = File.ReadAllText($"{_folder}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TicksASecond;
            Volatile.Write(ref _cpu, cpuSeconds);
            var rss = File.ReadLines($"{_folder}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            var bytes = Number(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) * 1024;
            if (bytes > MostRss) Volatile.Write(ref _rss, bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return false;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
