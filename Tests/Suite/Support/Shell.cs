using System.Diagnostics;
using System.Text;

namespace RawSocketChat.Tests.Support;

/// <summary>Runs a bash command line.</summary>
public static class Shell
{
    /// <summary>Runs the command until it ends by itself.</summary>
    /// <returns>Its standard output.</returns>
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
