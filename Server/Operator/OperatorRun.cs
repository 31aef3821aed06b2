using System.CommandLine;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Operator;

/// <summary>What all commands share: the settings of the server, and that whatever goes wrong is one line and an exit code.</summary>
internal sealed class OperatorRun(string[] settings, OperatorConsole console, TimeProvider time, CancellationToken cancel)
{
    public OperatorConsole Console { get; } = console;

    public TimeProvider Time { get; } = time;

    public int Invoke(Command command, Func<DataOptions, CancellationToken, int> work, int failed = ExitCode.Failed)
    {
        try
        {
            return work(ReadSettings(), cancel);
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            return Fail(command.Name, "interrupted", ExitCode.Interrupted);
        }
        catch (Exception fault) when (fault is OperatorException or StorageException or SettingException or IOException or UnauthorizedAccessException)
        {
            return Fail(command.Name, fault.Message, failed);
        }
    }

    public int Fail(string? command, string text, int exitCode)
    {
        Console.Error.WriteLine((command is null ? text : $"{command}: {text}").ReplaceLineEndings(" "));
        return exitCode;
    }

    // As the server reads them, so that a command finds what the server keeps.
    private DataOptions ReadSettings()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddSettings(settings);
        return builder.Configuration.Read<DataOptions>(DataOptions.Section);
    }
}
