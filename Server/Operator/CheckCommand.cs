using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>check</c>: looks for damage in the stored data.</summary>
internal static class CheckCommand
{
    public const string Name = "check";

    public static Command Create(OperatorContext context)
    {
        var command = new Command(Name, "Looks for damage in the data and changes nothing. The server may be running. Exit code 0: no damage; 1: damage; 2: the check could not run.");
        command.SetAction(_ => context.Invoke(command, (data, cancel) => Check(data, context, cancel), ExitCode.CouldNotCheck));
        return command;
    }

    private static int Check(DataOptions data, OperatorContext context, CancellationToken cancel)
    {
        var database = ChatDatabases.Find(data);
        var result = Progress.RunWithProgress(context.Console, progress => DatabaseCheck.Run(database, progress, cancel));
        // Drop the result of an interrupted check: it may report an unfinished read as damage.
        cancel.ThrowIfCancellationRequested();
        var lines = new List<string>(result.Lines);
        if (result.Faults > lines.Count)
            lines.Add($"and {result.Faults - lines.Count} more");
        var checkedData = Describe(result);
        lines.Add(result.Faults == 0 ? $"No damage: {checkedData}" : $"Damaged: {Count(result.Faults, "error")} found in {checkedData}");
        context.Console.WriteLine(string.Join('\n', lines));
        return result.Faults == 0 ? ExitCode.Success : ExitCode.Failed;
    }

    /// <summary>Describes what was checked, such as "2 rooms, 1551 events, 1 account".</summary>
    public static string Describe(CheckResult result) =>
        $"{Count(result.Rooms, "room")}, {Count(result.Events, "event")}, {Count(result.Accounts, "account")}{(result.Files == 0 ? "" : $", {Count(result.Files, "file")}")}";

    private static string Count(long number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
