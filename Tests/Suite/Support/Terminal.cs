using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace RawSocketChat.Tests.Support;

/// <summary>A program that a test uses like a person: the test types lines, and reads the lines that the program has printed.</summary>
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

    /// <summary>The printed lines, without terminal escape sequences.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>Starts the program with pipes as input and output.</summary>
    public static Terminal Run(string program, params string[] arguments) => new(new ProcessStartInfo(program, arguments));

    /// <summary>Starts the program in a pseudo-terminal that is wide enough for every line.</summary>
    public static Terminal RunInteractively(string command)
    {
        var start = new ProcessStartInfo("script", ["-qfc", $"stty cols 4000; exec {command}", "/dev/null"]);
        start.Environment["TERM"] = "dumb";
        return new(start);
    }

    /// <summary>Types a line and presses Enter.</summary>
    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteAsync($"{line}\n");
        await _process.StandardInput.FlushAsync();
    }

    public Task ExpectAsync(string part) =>
        TestWait.UntilAsync(() => Lines.Any(line => line.Contains(part, StringComparison.Ordinal)), () => $"\"{part}\" among:\n{string.Join('\n', Lines)}");

    /// <summary>Kills the program. This has the same effect as a crash or a closed window.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().OrFail($"the end of {_process.StartInfo.FileName}");
    }

    /// <summary>Sends Ctrl+C (SIGINT) to a program without a pseudo-terminal.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        await kill.WaitForExitAsync().OrFail("kill");
    }

    /// <summary>Waits until the program ends by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync()
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
            _lines.Add(EscapeSequence().Replace(line, "").Trim('\r'));
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex EscapeSequence();
}
