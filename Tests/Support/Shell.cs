using System.Diagnostics;
using System.Text;

namespace RawSocketChat.Tests.Support;

/// <summary>A command line as a person would enter it.</summary>
public static class Shell
{
    /// <summary>Runs it to its end, which it has to come to by itself.</summary>
    /// <returns>All that it printed.</returns>
    public static async Task<string> RunAsync(string command)
    {
        using var shell = new Process
        {
            StartInfo = new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 },
        };
        shell.Start();
        try
        {
            return await shell.StandardOutput.ReadToEndAsync().OrFail($"the end of {command}");
        }
        finally
        {
            if (!shell.HasExited)
                shell.Kill(entireProcessTree: true);
        }
    }
}
