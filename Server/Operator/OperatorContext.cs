using System.CommandLine;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>Runs the commands. Reads the server's settings for a command, and turns every expected error into one line and an exit code.</summary>
internal sealed class OperatorContext(string[] settings, OperatorConsole console, TimeProvider time, CancellationToken cancel)
{
    public OperatorConsole Console { get; } = console;

    public TimeProvider Time { get; } = time;

    /// <summary>Runs a command with the settings, and turns exceptions into an error line.</summary>
    /// <param name="command">The command, for the error line.</param>
    /// <param name="work">The command's work; returns the exit code.</param>
    /// <param name="failed">The exit code for an exception.</param>
    public int Invoke(Command command, Func<DataOptions, CancellationToken, int> work, int failed = ExitCode.Failed)
    {
        try
        {
            var data = ReadSettings();
            return data.Postgres is not null && DescribePostgresTool(command.Name) is { } tool ? ReportError(command.Name, tool, failed) : work(data, cancel);
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            return ReportError(command.Name, "interrupted", ExitCode.Interrupted);
        }
        catch (Exception fault) when (fault is OperatorException or StorageException or SettingException or IOException or UnauthorizedAccessException)
        {
            return ReportError(command.Name, fault.Message, failed);
        }
    }

    /// <summary>Writes one line to the standard error and returns the exit code.</summary>
    public int ReportError(string? command, string text, int exitCode)
    {
        Console.Error.WriteLine((command is null ? text : $"{command}: {text}").ReplaceLineEndings(" "));
        return exitCode;
    }

    // Returns which tool of PostgreSQL to use instead of a command; null for a command that works with both engines.
    private static string? DescribePostgresTool(string command) => command switch
    {
        "backup" => "back up the PostgreSQL database with pg_dump or pg_basebackup, and copy the folder \"files\" of Data:Path",
        "restore" => "restore the PostgreSQL database with pg_restore, and copy the folder \"files\" back to Data:Path",
        "vacuum" => "PostgreSQL frees the space of removed data by itself (autovacuum); to shrink its files, run: VACUUM FULL",
        _ => null,
    };

    // Reads the settings as the server does, so that a command finds the server's data.
    private DataOptions ReadSettings()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddSettings(settings);
        return builder.Configuration.Read<DataOptions>(DataOptions.Section);
    }
}
