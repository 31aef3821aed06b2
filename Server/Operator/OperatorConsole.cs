using Microsoft.Win32.SafeHandles;

namespace RawSocketChat.Server.Operator;

/// <summary>The streams that a command reads and writes.</summary>
/// <param name="Input">Opens the standard input.</param>
/// <param name="Output">
/// Opens the standard output. Commands write only their results to this stream, because other programs may read it.
/// </param>
/// <param name="Error">The standard error. Commands write error messages to this stream and, if it is a terminal, the progress.</param>
/// <param name="IsTerminal">Whether <paramref name="Error"/> is a terminal.</param>
public sealed record OperatorConsole(Func<Stream> Input, Func<Stream> Output, TextWriter Error, bool IsTerminal)
{
    public static OperatorConsole ForProcess() =>
        new(Console.OpenStandardInput, OpenOutput, Console.Error, !Console.IsErrorRedirected);

    public void WriteLine(string line)
    {
        using var output = new StreamWriter(Output(), leaveOpen: false);
        output.NewLine = "\n";
        output.WriteLine(line);
    }

    /// <summary>Formats a number of bytes in MiB.</summary>
    public static string FormatSize(long bytes) => $"{bytes / 1024.0 / 1024.0:F1} MiB";

    // Opens a pipe directly. .NET's console stream does not report that the reader has closed the pipe, so a long export would continue
    // although nobody reads its output.
    private static Stream OpenOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return Console.OpenStandardOutput();
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!pipe.CanSeek)
            return pipe;
        // The output is a file. Other processes may write to this file before and after this process. So each write must move the position
        // in the file, which all processes share. The console's stream does this.
        pipe.Dispose();
        return Console.OpenStandardOutput();
    }
}
