using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// The commands of the server's executable. They work on the data of a server. All commands except <c>erase</c>,
/// <c>import</c>, <c>migrate</c>, <c>remove-account</c>, <c>remove-room</c>, <c>restore</c> and <c>vacuum</c> also work while the server runs.
/// </summary>
public static class OperatorCommand
{
    private const string Description = """
        RawSocketChat, a chat server. Without a command it starts the server. A command works on the data of a server.

        The most important settings, with their defaults, for the server and for all commands (Server/docs/settings.md lists all):
          --urls http://localhost:5080   HTTP addresses to listen on
          --RawTcp:Port 5081             port for nc and other raw TCP clients; 0 turns it off
          --Data:Path data               data folder
          --Data:Durability full         what an acknowledged message survives: full (power failure), process (crash), none
          --Data:KeepDays 0              days after which messages are deleted; 0 keeps them forever
          --Plaintext:Allowed false      true lets other machines connect without TLS
          --Origins:Allowed:0 ORIGIN     lets pages of this origin connect
        In the environment: RSC_Data__Path=data. In appsettings.json beside the executable: {"Data":{"Path":"data"}}.

        Exit codes:
          0  success
          1  failure, with one line on the standard error; check: damage found
          2  check: could not run
        130  interrupted; no partial result is left
        """;

    /// <summary>
    /// Runs the command and returns its <see cref="ExitCode"/>. Ctrl+C and SIGTERM interrupt the command. A second Ctrl+C or SIGTERM ends
    /// the process.
    /// </summary>
    public static async Task<int> RunAsync(CommandArguments arguments, OperatorConsole console, TimeProvider time, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => CancelOnFirstSignal(stop, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => CancelOnFirstSignal(stop, signal));
        var context = new OperatorContext(arguments.Settings, console, time, stop.Token);
        var root = new RootCommand(Description)
        {
            BackupCommand.Create(context),
            CheckCommand.Create(context),
            EraseCommand.Create(context),
            ExportCommand.Create(context),
            ImportCommand.Create(context),
            MigrateCommand.Create(context),
            PushKeysCommand.Create(context),
            RemoveAccountCommand.Create(context),
            RemoveRoomCommand.Create(context),
            RestoreCommand.Create(context),
            VacuumCommand.Create(context),
        };
        var words = ExpandHelpCommand(arguments.Words);
        if (words[0] == "--version")
        {
            console.WriteLine($"RawSocketChat {typeof(OperatorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
            return ExitCode.Success;
        }

        var names = root.Subcommands.Select(command => command.Name).Append("help").ToList();
        if (!words[0].StartsWith('-') && !words[0].StartsWith('/') && !names.Contains(words[0]))
        {
            var near = NearestWord.Find(words[0], names);
            return context.ReportError(null, $"there is no command \"{words[0]}\"; {(near is null ? "use --help to list them" : $"did you mean \"{near}\"?")}", ExitCode.Failed);
        }

        if (words[0].StartsWith('-') && words[0] is not ("--help" or "-h" or "-?"))
            return context.ReportError(null, $"there is no option \"{words[0]}\"; a setting begins with two hyphens (see --help)", ExitCode.Failed);

        var parsed = root.Parse(words);
        if (parsed.Errors.Count > 0)
            return context.ReportError(GetCommandName(parsed, root), $"{parsed.Errors[0].Message.TrimEnd('.')} (see --help)", words[0] == CheckCommand.Name ? ExitCode.CouldNotCheck : ExitCode.Failed);
        using var output = new StringWriter();
        var exitCode = await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = console.Error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false },
            CancellationToken.None);
        if (output.ToString().TrimEnd() is { Length: > 0 } help)
            console.WriteLine(help);
        return exitCode;
    }

    // `help backup` is the same as `backup --help`.
    private static string[] ExpandHelpCommand(string[] words) => words[0] == "help" ? [.. words[1..], "--help"] : words;

    private static string? GetCommandName(ParseResult parsed, RootCommand root) => parsed.CommandResult.Command == root ? null : parsed.CommandResult.Command.Name;

    private static void CancelOnFirstSignal(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
}
