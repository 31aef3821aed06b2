using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>check</c>: whether what is stored is sound.</summary>
internal static class CheckCommand
{
    public const string Name = "check";

    public static Command Make(OperatorRun run)
    {
        var command = new Command(Name, "Looks for damage, while the server runs or not, and changes nothing. Exit code 0: none; 1: damage; 2: it could not look.");
        command.SetAction(_ => run.Invoke(command, (data, cancel) => Check(data, run, cancel), ExitCode.CouldNotCheck));
        return command;
    }

    private static int Check(DataOptions data, OperatorRun run, CancellationToken cancel)
    {
        var folder = DataFolder.Find(data.Path);
        var result = Progress.Show(run.Console, progress => DatabaseCheck.Run(folder, data, run.Time.GetUtcNow(), progress, cancel));
        // An end in the middle looks like damage to who was reading.
        cancel.ThrowIfCancellationRequested();
        var lines = new List<string>(result.Lines);
        if (result.Faults > lines.Count)
            lines.Add($"and {result.Faults - lines.Count} more");
        var seen = $"{Count(result.Rooms, "room")}, {Count(result.Events, "event")}, {Count(result.Accounts, "account")}";
        lines.Add(result.Faults == 0 ? $"Sound: {seen}" : $"Damaged: {Count(result.Faults, "fault")} found in {seen}");
        run.Console.WriteLine(string.Join('\n', lines));
        return result.Faults == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Count(long number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
