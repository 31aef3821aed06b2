using System.Globalization;

namespace RawSocketChat.Tests.Benchmarks.Nodes;

/// <summary>The entry point.</summary>
internal static class NodesProgram
{
    public static Task<int> Main(string[] args)
    {
        // Run socket completions on the socket threads instead of the thread pool, as the benchmark of the storage does. The runtime reads this
        // variable when the first socket is created.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return NodesCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
    }
}
