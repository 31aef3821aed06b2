using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>Processor time of some processes, in microseconds.</summary>
/// <param name="Total">As the scheduler counted it.</param>
/// <param name="UserTicks">User mode, in the kernel's hundredths of a second: sampled, so good for a share alone.</param>
/// <param name="SystemTicks">The same of kernel mode.</param>
internal readonly record struct CpuTime(double Total, long UserTicks, long SystemTicks)
{
    /// <summary>The part spent in user mode.</summary>
    public double User => UserTicks + SystemTicks == 0 ? 0 : Total * UserTicks / (UserTicks + SystemTicks);

    public static CpuTime operator -(CpuTime a, CpuTime b) => new(a.Total - b.Total, a.UserTicks - b.UserTicks, a.SystemTicks - b.SystemTicks);

    public static CpuTime operator +(CpuTime a, CpuTime b) => new(a.Total + b.Total, a.UserTicks + b.UserTicks, a.SystemTicks + b.SystemTicks);

    /// <summary>Of a process and its descendants, so far; those that are gone are left out.</summary>
    public static CpuTime OfTree(int process)
    {
        var sum = default(CpuTime);
        foreach (var id in Tree(process))
        {
            if (Kernel.ProcessorMicroseconds(id) is not { } total || Read($"/proc/{id}/stat") is not { } stat)
                continue;
            // proc(5): the 14th and 15th field; the second, the name in parentheses, may hold spaces.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            sum = new CpuTime(
                sum.Total + total, sum.UserTicks + long.Parse(fields[11], CultureInfo.InvariantCulture), sum.SystemTicks + long.Parse(fields[12], CultureInfo.InvariantCulture));
        }

        return sum;
    }

    /// <summary>Resident memory of a process and its descendants, in bytes.</summary>
    public static long ResidentBytes(int process) => Tree(process).Sum(id =>
        (Read($"/proc/{id}/status") ?? "").Split('\n').FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024
            : 0);

    /// <summary>A process and its descendants.</summary>
    public static IReadOnlyList<int> Tree(int process)
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
            return null; // gone meanwhile
        }
    }
}
