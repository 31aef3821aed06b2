using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Operator;

/// <summary>The commands of the server's executable: what an operator does with the data of a server, beside it or without it.</summary>
public static class OperatorCommand
{
    private const string Description = """
        RawSocketChat: a chat room. Without a command it serves; a command works on the data of a server.

        The most important settings (all of them: Server/README.md), for the server and the commands alike:
          --urls http://localhost:5080   the HTTP addresses
          --RawTcp:Port 5081             the port for nc and programs; 0 is off
          --Data:Path data               the folder of the data
          --Data:Durability full         what an acknowledged message survives: full, process, none
          --Data:KeepDays 0              days for which messages are kept; 0 keeps them for good
          --Plaintext:Allowed false      true lets other machines connect without TLS
          --Origins:Allowed:0 ORIGIN     pages of this origin may connect
        In the environment: RSC_Data__Path=data; in appsettings.json beside the executable: {"Data":{"Path":"data"}}.

        Exit codes:
          0  done
          1  not done, as the one line on the standard error says; check: damage was found
          2  check: it could not look
        130  interrupted; what was half done is undone
        """;

    public static async Task<int> RunAsync(CommandArguments given, OperatorConsole console, TimeProvider time, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => StopOnce(stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => StopOnce(stop, signal));
        var run = new OperatorRun(given.Settings, console, time, stop.Token);
        var root = new RootCommand(Description) { BackupCommand.Make(run), CheckCommand.Make(run), ExportCommand.Make(run), ImportCommand.Make(run) };
        var words = AsOption(given.Words);
        if (words[0] == "--version")
        {
            console.WriteLine($"RawSocketChat {typeof(OperatorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
            return ExitCode.Done;
        }

        var names = root.Subcommands.Select(command => command.Name).Append("help").ToList();
        if (!words[0].StartsWith('-') && !words[0].StartsWith('/') && !names.Contains(words[0]))
        {
            var near = Nearest.To(words[0], names);
            return run.Fail(null, $"there is no command \"{words[0]}\"; {(near is null ? "--help lists them" : $"did you mean \"{near}\"?")}", ExitCode.Failed);
        }

        var parsed = root.Parse(words);
        if (parsed.Errors.Count > 0)
            return run.Fail(NameOf(parsed, root), $"{parsed.Errors[0].Message} (--help shows what works)", words[0] == CheckCommand.Name ? ExitCode.CouldNotCheck : ExitCode.Failed);
        using var output = new StringWriter();
        var exitCode = await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = console.Error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false },
            CancellationToken.None);
        if (output.ToString().TrimEnd() is { Length: > 0 } help)
            console.WriteLine(help);
        return exitCode;
    }

    // help backup is backup --help.
    private static string[] AsOption(string[] words) => words[0] == "help" ? [.. words[1..], "--help"] : words;

    private static string? NameOf(ParseResult parsed, RootCommand root) => parsed.CommandResult.Command == root ? null : parsed.CommandResult.Command.Name;

    private static void StopOnce(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
}
