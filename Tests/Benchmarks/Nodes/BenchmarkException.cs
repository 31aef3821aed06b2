namespace RawSocketChat.Tests.Benchmarks.Nodes;

/// <summary>The benchmark can't run. The message is the reason, in one line.</summary>
internal sealed class BenchmarkException(string message, int exitCode = NodesCommand.Failed) : Exception(message)
{
    public int ExitCode => exitCode;
}
