using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>backup FILE</c>: a copy of everything, as of one moment, that a server can start on.</summary>
internal static class BackupCommand
{
    public static Command Make(OperatorRun run)
    {
        var file = new Argument<string>("FILE") { Description = "where the copy goes; must not be there yet" };
        var command = new Command("backup", "Copies everything into one file, while the server runs or not. To restore it, put it as chat.db into an empty folder and start the server on that.") { file };
        command.SetAction(given => run.Invoke(command, (data, cancel) => Backup(data, given.GetRequiredValue(file), run.Console, cancel)));
        return command;
    }

    private static int Backup(DataOptions data, string name, OperatorConsole console, CancellationToken cancel)
    {
        var folder = DataFolder.Find(data.Path);
        using var file = NewFile.Reserve(name);
        var size = Progress.Show(console, progress =>
        {
            DatabaseBackup.Copy(folder, file.PartialPath, progress, cancel);
            cancel.ThrowIfCancellationRequested();
            return file.Complete();
        });
        console.WriteLine($"Backed up {folder.Path} to {name} ({size / 1024.0 / 1024.0:F1} MiB)");
        return ExitCode.Done;
    }
}
