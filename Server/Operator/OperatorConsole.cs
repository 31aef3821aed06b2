using Microsoft.Win32.SafeHandles;

namespace RawSocketChat.Server.Operator;

/// <summary>Where a command reads and writes.</summary>
/// <param name="Input">What is piped in.</param>
/// <param name="Output">Results alone, for people or for other programs.</param>
/// <param name="Error">What went wrong, and on a terminal how far a long work has come.</param>
/// <param name="IsTerminal">Whether somebody looks at <paramref name="Error"/>.</param>
public sealed record OperatorConsole(Func<Stream> Input, Func<Stream> Output, TextWriter Error, bool IsTerminal)
{
    public static OperatorConsole OfProcess() =>
        new(Console.OpenStandardInput, OpenOutput, Console.Error, !Console.IsErrorRedirected);

    public void WriteLine(string line)
    {
        using var output = new StreamWriter(Output(), leaveOpen: false);
        output.NewLine = "\n";
        output.WriteLine(line);
    }

    // The console's own stream takes a closed pipe for a success, and a long export would go on for nobody.
    private static Stream OpenOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return Console.OpenStandardOutput();
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!pipe.CanSeek)
            return pipe;
        // A file's place is shared with whoever writes it before and after.
        pipe.Dispose();
        return Console.OpenStandardOutput();
    }
}
