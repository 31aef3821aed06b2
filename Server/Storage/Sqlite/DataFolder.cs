using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The folder of a server's data. Only one server at a time can use it.</summary>
public sealed class DataFolder : IDisposable
{
    public const string DatabaseName = "chat.db";
    private const string LockName = "lock";

    private readonly FileStream? _lock;

    private DataFolder(string path, FileStream? heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The full path of the database.</summary>
    public string Database => System.IO.Path.Combine(Path, DatabaseName);

    /// <summary>
    /// Locks the folder for this process. Creates the folder if it does not exist. The operating system removes the lock when the process
    /// ends, even if the process is killed.
    /// </summary>
    /// <param name="advice">What to do if another server uses the folder, for the error text.</param>
    /// <exception cref="StorageException">The folder cannot be written to, or another server uses it.</exception>
    /// <exception cref="StorageException">The write-ahead log in the folder belongs to another state of the database.</exception>
    public static DataFolder Lock(string path, string advice = "stop that server, or use another folder for this one")
    {
        var folder = LockWithoutCheck(path, advice);
        try
        {
            DatabaseHeader.CheckWriteAheadLog(folder.Database, folder.ReadChangeCounter());
            return folder;
        }
        catch (Exception fault)
        {
            folder.Dispose();
            if (fault is IOException or UnauthorizedAccessException)
                throw new StorageException($"\"{folder.Database}\" cannot be read: {fault.Message}", fault);
            throw;
        }
    }

    /// <summary>Locks the folder like <see cref="Lock"/>, but does not check the database. For a caller that replaces the database.</summary>
    public static DataFolder LockWithoutCheck(string path, string advice)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (!Directory.Exists(full))
                CreateForOwner(full);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the folder \"{full}\" cannot be created: {fault.Message}", fault);
        }

        var file = System.IO.Path.Combine(full, LockName);
        try
        {
            return new DataFolder(full, OpenLock(file));
        }
        catch (IOException fault) when (File.Exists(file) && IsLocked(file))
        {
            throw new StorageException($"another server uses the folder \"{full}\"; {advice}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the folder \"{full}\" cannot be written to: {fault.Message}", fault);
        }
    }

    /// <summary>Finds a folder for reading. A server may use the folder at the same time.</summary>
    /// <exception cref="StorageException">The folder has no database.</exception>
    public static DataFolder Find(string path)
    {
        var folder = new DataFolder(System.IO.Path.GetFullPath(path), heldLock: null);
        return File.Exists(folder.Database)
            ? folder
            : throw new StorageException($"there is no database in \"{folder.Path}\"; name the folder with --Data:Path");
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>
    /// Stores the change counter of the database in the lock file. At the next start, <see cref="DatabaseHeader.CheckWriteAheadLog"/> needs this
    /// number.
    /// </summary>
    public void RecordChangeCounter(uint counter)
    {
        _lock!.SetLength(0);
        _lock.Write(Encoding.ASCII.GetBytes(counter.ToString(CultureInfo.InvariantCulture)));
    }

    // Returns null if the file has no number: no server has used the folder yet, or only a version that did not write the number.
    private uint? ReadChangeCounter()
    {
        Span<byte> text = stackalloc byte[16];
        _lock!.Position = 0;
        var length = _lock.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return uint.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var counter) ? counter : null;
    }

    // Other users may be able to read the folder, so the file itself is private.
    private static FileStream OpenLock(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (OperatingSystem.IsWindows())
            return new FileStream(file, options);
        const UnixFileMode ForOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        options.UnixCreateMode = ForOwner;
        var stream = new FileStream(file, options);
        try
        {
            // An earlier version created the file with other permissions.
            if (File.GetUnixFileMode(stream.SafeFileHandle) != ForOwner)
                File.SetUnixFileMode(stream.SafeFileHandle, ForOwner);
        }
        catch (UnauthorizedAccessException)
        {
            // The file belongs to another user, so its mode cannot be changed. The lock works nevertheless.
        }

        return stream;
    }

    // Only the owner may read the messages and the hashes of the passwords.
    private static void CreateForOwner(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // A file that another process has locked cannot be opened, even for reading. A file on a read-only disk can be opened for reading.
    private static bool IsLocked(string file)
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
