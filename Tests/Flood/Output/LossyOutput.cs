using System.Text;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// An output that ignores write errors, such as a full disk or a closed pipe. So the run can still end with its own exit code. The class
/// stores the first error.
/// </summary>
internal sealed class LossyOutput(TextWriter output) : TextWriter
{
    /// <summary>The first write error; null: everything was written.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether this is a terminal.</summary>
    public bool IsTerminal => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => TryWrite(() => output.Write(value));

    public override void Write(string? value) => TryWrite(() => output.Write(value));

    public override void WriteLine(string? value) => TryWrite(() => output.WriteLine(value));

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override void Flush() => TryWrite(output.Flush);

    private void TryWrite(Action write)
    {
        if (Problem is not null) return;
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = e.Message;
        }
    }
}
