using System.CommandLine;
using System.Globalization;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// <c>restore FILE</c>: replaces the database and the files of the data folder with a backup. The replaced database stays in the folder under
/// another name, with its write-ahead log and its files.
/// </summary>
internal static class RestoreCommand
{
    // The database, and SQLite's files that belong to it.
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    public static Command Create(OperatorContext context)
    {
        var file = new Argument<string>("FILE") { Description = "the backup; it is not changed" };
        var command = new Command("restore", "Replaces the database of the data folder with a backup. The replaced database stays in the folder under another name. The server must not be running.") { file };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Restore(data, given.GetRequiredValue(file), context, cancel)));
        return command;
    }

    private static int Restore(DataOptions data, string name, OperatorContext context, CancellationToken cancel)
    {
        var source = Path.GetFullPath(name);
        if (!File.Exists(source))
            throw new OperatorException($"there is no file \"{name}\"");
        using var folder = DataFolder.LockWithoutCheck(data.Path, "stop it first");
        if (source == folder.Database)
            throw new OperatorException($"\"{name}\" is the database of the data folder; move it somewhere else first");
        var old = CreateFreeName(folder, context.Time);
        var restored = folder.Database + ".restored";
        using var copy = AtomicFile.Create(restored);
        var (size, isReplaced) = Progress.RunWithProgress(context.Console, progress =>
        {
            DatabaseBackup.Copy(source, copy.PartialPath, progress, cancel);
            cancel.ThrowIfCancellationRequested();
            RestoreContents(copy.PartialPath, folder, progress, cancel);
            var length = copy.Complete();
            var hadData = MoveAside(folder, old);
            MoveContents(folder, old);
            File.Move(restored, folder.Database);
            return (length, hadData);
        });
        context.Console.WriteLine($"Restored {name} to {folder.Path} ({OperatorConsole.FormatSize(size)}){(isReplaced ? $"; the replaced database is {old}" : "")}");
        return ExitCode.Success;
    }

    // Returns the folder that has the restored contents until the restored database replaces the old one.
    private static ContentFolder GetRestoredContents(DataFolder folder) => new(ContentFolder.Of(folder.Path).Path + ".restored");

    private static void RestoreContents(string database, DataFolder folder, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var contents = GetRestoredContents(folder);
        if (Directory.Exists(contents.Path))
            Directory.Delete(contents.Path, recursive: true);
        DatabaseBackup.ExtractContents(database, contents, progress, cancel);
    }

    // Moves the files of the replaced database aside, and the restored files to their place.
    private static void MoveContents(DataFolder folder, string name)
    {
        var (current, restored) = (ContentFolder.Of(folder.Path).Path, GetRestoredContents(folder).Path);
        if (Directory.Exists(current))
            Directory.Move(current, Path.Combine(folder.Path, $"{Path.GetFileNameWithoutExtension(name)}-{ContentFolder.Name}"));
        if (Directory.Exists(restored))
            Directory.Move(restored, current);
    }

    private static string CreateFreeName(DataFolder folder, TimeProvider time)
    {
        var stem = $"chat-before-restore-{time.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        return Enumerable.Range(2, int.MaxValue - 2).Select(number => $"{stem}-{number}.db").Prepend($"{stem}.db")
            .First(name => !File.Exists(Path.Combine(folder.Path, name)));
    }

    // Moves the old database aside together with its write-ahead log. Otherwise SQLite would apply this log to the restored database.
    private static bool MoveAside(DataFolder folder, string name)
    {
        var isMoved = false;
        foreach (var suffix in Suffixes.Where(suffix => File.Exists(folder.Database + suffix)))
        {
            File.Move(folder.Database + suffix, Path.Combine(folder.Path, name + suffix));
            isMoved = true;
        }

        return isMoved;
    }
}
