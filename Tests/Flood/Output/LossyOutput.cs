using System.Text;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>An output that may be full or closed: what it can't take is given up and remembered, and the run goes on to its exit code.</summary>
internal sealed class LossyOutput(TextWriter output) : TextWriter
{
    /// <summary>Why not all was written; null: it was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether it is where a person looks on.</summary>
    public bool IsTerminal => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Try(() => output.Write(value));

    public override void Write(string? value) => Try(() => output.Write(value));

    public override void WriteLine(string? value) => Try(() => output.WriteLine(value));

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override void Flush() => Try(output.Flush);

    private void Try(Action write)
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
