using System.Globalization;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>
/// Checks the limit of open files of this process. When the process reaches this limit, the runtime may fail before the tool can report the
/// error.
/// </summary>
internal static class OpenFileLimit
{
    private const string LimitName = "Max open files";

    // The number of files that the runtime and the tool may open later, such as assemblies.
    private const int ReservedFiles = 32;

    /// <summary>Checks that this process may open the given number of connections, with one socket each. Checks only on Linux.</summary>
    /// <exception cref="FloodException">The limit is too low.</exception>
    public static void EnsureAvailable(int connections)
    {
        if (!OperatingSystem.IsLinux()) return;
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(LimitName, StringComparison.Ordinal));
        if (!int.TryParse(line?[LimitName.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture, out var limit)) return;
        var left = limit - ReservedFiles - Directory.GetFileSystemEntries("/proc/self/fd").Length;
        if (left < connections)
            throw new FloodException($"only {Math.Max(0, left)} of {connections} connections could be opened: {SocketSettings.DescribeExhaustion($"its limit of open files is {limit}")}");
    }
}
