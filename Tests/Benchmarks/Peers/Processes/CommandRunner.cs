using System.Diagnostics;

namespace RawSocketChat.Tests.Benchmarks.Peers.Processes;

/// <summary>Runs commands and waits until they end.</summary>
internal static class CommandRunner
{
    /// <returns>The exit code (127 if there is no such command) and the output.</returns>
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

    /// <summary>Finds a command in PATH and in the system folders of Debian. Returns null if the command does not exist.</summary>
    public static string? Find(string command) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/usr/local/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);
}
