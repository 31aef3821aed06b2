using System.Diagnostics;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>A command that is run to its end.</summary>
internal static class Tool
{
    /// <returns>Its exit code (127 where there is no such command) and all that it printed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string command, string[] arguments, string? folder, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        if (Find(command) is null)
            return (127, $"there is no {command}");
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Where a command is; null: nowhere in PATH, nor where Debian keeps those of the system.</summary>
    public static string? Find(string command) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/usr/local/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);
}
