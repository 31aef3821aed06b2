namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The folder of a server's data, held by one server at a time.</summary>
public sealed class DataFolder : IDisposable
{
    public const string DatabaseName = "chat.db";
    private const string LockName = "lock";

    private readonly FileStream? _lock;

    private DataFolder(string path, FileStream? held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, DatabaseName);

    /// <summary>Takes the folder, making it where there is none. The system gives it back when the process ends, however that ends.</summary>
    /// <param name="advice">What to do where another server holds it.</param>
    /// <exception cref="StorageException">It cannot be written to, or another server holds it.</exception>
    public static DataFolder Take(string path, string advice = "end it, or give this one a folder of its own")
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (!Directory.Exists(full))
                Make(full);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the folder \"{full}\" cannot be made: {fault.Message}", fault);
        }

        var file = System.IO.Path.Combine(full, LockName);
        try
        {
            return new DataFolder(full, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException fault) when (File.Exists(file) && IsHeld(file))
        {
            throw new StorageException($"another server uses the folder \"{full}\"; {advice}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the folder \"{full}\" cannot be written to: {fault.Message}", fault);
        }
    }

    /// <summary>The folder as it is, to be read beside a server that runs on it.</summary>
    /// <exception cref="StorageException">There is no database in it.</exception>
    public static DataFolder Find(string path)
    {
        var folder = new DataFolder(System.IO.Path.GetFullPath(path), held: null);
        return File.Exists(folder.Database)
            ? folder
            : throw new StorageException($"there is no database in \"{folder.Path}\"; name the folder with --Data:Path");
    }

    public void Dispose() => _lock?.Dispose();

    // What people said, and the hashes of their passwords, are nobody else's to read.
    private static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // A file that another process holds can be looked at in no way that excludes it; one on a read-only disk can.
    private static bool IsHeld(string file)
    {
        try
        {
            using var _ = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
