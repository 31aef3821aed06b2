using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace RawSocketChat.Tests.Support;

/// <summary>A real program at a keyboard and a screen: lines are typed into it, and what it prints is kept.</summary>
public sealed partial class Terminal : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private bool _isDisposed;

    private Terminal(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = new UTF8Encoding(false);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, printed) => Add(printed.Data);
        _process.ErrorDataReceived += (_, printed) => Add(printed.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it printed, without the sequences that color a line or clear it.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>The program with its input and output as pipes.</summary>
    public static Terminal Run(string program, params string[] arguments) => new(new ProcessStartInfo(program, arguments));

    /// <summary>The program in a pseudo-terminal, wide enough that no line is folded.</summary>
    public static Terminal RunInteractively(string command)
    {
        var start = new ProcessStartInfo("script", ["-qfc", $"stty cols 4000; exec {command}", "/dev/null"]);
        start.Environment["TERM"] = "dumb";
        return new(start);
    }

    /// <summary>Types a line and the Enter key.</summary>
    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteAsync($"{line}\n");
        await _process.StandardInput.FlushAsync();
    }

    public Task ExpectAsync(string part) =>
        Patience.UntilAsync(() => Lines.Any(line => line.Contains(part, StringComparison.Ordinal)), () => $"\"{part}\" among:\n{string.Join('\n', Lines)}");

    /// <summary>Ends it by force, as a crash or a closed window would.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().OrFail($"the end of {_process.StartInfo.FileName}");
    }

    /// <summary>Ctrl+C, for a program that isn't in a pseudo-terminal.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await kill.WaitForExitAsync().OrFail("kill");
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().OrFail($"the end of {_process.StartInfo.FileName}");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await KillAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(Escapes().Replace(line, "").Trim('\r'));
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();
}
