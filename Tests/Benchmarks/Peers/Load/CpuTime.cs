using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>The processor time of one or more processes, in microseconds.</summary>
/// <param name="Total">The time in user and kernel mode, as counted by the scheduler.</param>
/// <param name="UserTicks">Time in user mode, in ticks of 1/100 s. The kernel measures this time by sampling, so use only the ratio
/// of user ticks to all ticks.</param>
/// <param name="SystemTicks">Time in kernel mode, in the same unit.</param>
internal readonly record struct CpuTime(double Total, long UserTicks, long SystemTicks)
{
    /// <summary>The part of <see cref="Total"/> in user mode.</summary>
    public double User => UserTicks + SystemTicks == 0 ? 0 : Total * UserTicks / (UserTicks + SystemTicks);

    public static CpuTime operator -(CpuTime a, CpuTime b) => new(a.Total - b.Total, a.UserTicks - b.UserTicks, a.SystemTicks - b.SystemTicks);

    public static CpuTime operator +(CpuTime a, CpuTime b) => new(a.Total + b.Total, a.UserTicks + b.UserTicks, a.SystemTicks + b.SystemTicks);

    /// <summary>
    /// Returns the processor time of a process and its descendants so far. Descendants that have ended do not count, so the sum decreases
    /// when a descendant ends.
    /// </summary>
    public static CpuTime ForProcessTree(int process) =>
        GetProcessTree(process).Aggregate(default(CpuTime), (sum, id) => sum + ForProcess(id));

    /// <summary>Returns the processor time of a process so far, without its descendants; zero if the process has ended.</summary>
    public static CpuTime ForProcess(int id)
    {
        if (Kernel.ProcessorMicroseconds(id) is not { } total || Read($"/proc/{id}/stat") is not { } stat)
            return default;
        // proc(5): the 14th and 15th fields are the times. The second field, the name in parentheses, may contain spaces.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new CpuTime(total, long.Parse(fields[11], CultureInfo.InvariantCulture), long.Parse(fields[12], CultureInfo.InvariantCulture));
    }

    /// <summary>Returns the resident memory of a process and its descendants, in bytes.</summary>
    public static long GetResidentBytes(int process) => GetProcessTree(process).Sum(id =>
        (Read($"/proc/{id}/status") ?? "").Split('\n').FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024
            : 0);

    /// <summary>Returns the ids of a process and its descendants.</summary>
    public static IReadOnlyList<int> GetProcessTree(int process)
    {
        List<int> found = [process];
        for (var i = 0; i < found.Count; i++)
        {
            var threads = Directory.Exists($"/proc/{found[i]}/task") ? Directory.GetDirectories($"/proc/{found[i]}/task") : [];
            foreach (var children in threads.Select(thread => Read($"{thread}/children")).OfType<string>())
                found.AddRange(children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
        }

        return found;
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null; // The process has ended.
        }
    }
}
