using System.Globalization;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>How many sockets this process may still open. Where none is left, the runtime itself may fail before it can say so.</summary>
internal static class OpenFiles
{
    private const string Limit = "Max open files";

    // What the runtime and the flood open besides, such as assemblies that are needed later.
    private const int Spare = 32;

    /// <summary>Sees to it that a process on Linux may have so many more connections, of a socket each at the least.</summary>
    /// <exception cref="FloodException">It may not.</exception>
    public static void Expect(int connections)
    {
        if (!OperatingSystem.IsLinux()) return;
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Limit, StringComparison.Ordinal));
        if (!int.TryParse(line?[Limit.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture, out var limit)) return;
        var left = limit - Spare - Directory.GetFileSystemEntries("/proc/self/fd").Length;
        if (left < connections)
            throw new FloodException($"only {Math.Max(0, left)} of {connections} connections could be made: no more sockets for this process: it may have {limit} files open (ulimit -n says how many there may be; plain requests need two each)");
    }
}
