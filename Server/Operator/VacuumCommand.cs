using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>vacuum</c>: gives the space of removed data back to the operating system.</summary>
internal static class VacuumCommand
{
    public static Command Create(OperatorContext context)
    {
        var command = new Command("vacuum", "Gives the space of removed data back to the disk. Needs free space for a second copy. The server must not be running.");
        command.SetAction(_ => context.Invoke(command, (data, cancel) => Vacuum(data, context.Console, cancel)));
        return command;
    }

    private static int Vacuum(DataOptions data, OperatorConsole console, CancellationToken cancel)
    {
        DataFolder.Find(data.Path);
        using var folder = DataFolder.Lock(data.Path, "stop it first");
        var (before, after) = Progress.RunWithProgress(console, progress => DatabaseVacuum.Run(folder, progress, cancel));
        console.WriteLine($"The database had {OperatorConsole.FormatSize(before)} and has {OperatorConsole.FormatSize(after)} now");
        return ExitCode.Success;
    }
}
