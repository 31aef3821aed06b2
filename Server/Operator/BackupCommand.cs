using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// <c>backup FILE</c>: copies the whole database, as it is at one moment, and the contents of the files, into one file.
/// </summary>
internal static class BackupCommand
{
    public static Command Create(OperatorContext context)
    {
        var file = new Argument<string>("FILE") { Description = "the backup to create; it must not exist yet" };
        var command = new Command("backup", "Copies all data into one file. The server may be running. To use a backup, stop the server and run the command restore.") { file };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Backup(data, given.GetRequiredValue(file), context.Console, cancel)));
        return command;
    }

    private static int Backup(DataOptions data, string name, OperatorConsole console, CancellationToken cancel)
    {
        var database = SqliteChatDatabase.Find(data.Path);
        using var file = AtomicFile.Create(name);
        var (size, faults) = Progress.RunWithProgress(console, progress =>
        {
            var missing = DatabaseBackup.Copy(database, file.PartialPath, progress, cancel);
            cancel.ThrowIfCancellationRequested();
            return (file.Complete(), missing);
        });
        console.WriteLine($"Backed up {database.Location} to {name} ({OperatorConsole.FormatSize(size)})");
        if (faults == 0)
            return ExitCode.Success;
        console.WriteLine($"The backup does not have {faults} {(faults == 1 ? "file that is" : "files that are")} missing or damaged in the data folder; run the \"check\" command for details");
        return ExitCode.Failed;
    }
}
