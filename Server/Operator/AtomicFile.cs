namespace RawSocketChat.Server.Operator;

/// <summary>
/// A new file that is complete when it appears under its name, and never overwrites another file. The file is written under a temporary
/// name, synced and then renamed. Only its owner may read it, because it contains private data.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const string PartialSuffix = ".partial";

    // While SQLite writes a database, it may create these files in the same folder.
    private static readonly string[] SqliteSuffixes = ["", "-journal", "-wal", "-shm"];

    private readonly string _name;
    private readonly string _path;
    private bool _isComplete;

    private AtomicFile(string name, string path)
    {
        _name = name;
        _path = path;
    }

    /// <summary>Path of the file while it is written.</summary>
    public string PartialPath => _path + PartialSuffix;

    /// <summary>Creates the empty partial file.</summary>
    /// <exception cref="OperatorException">The file already exists, or cannot be created.</exception>
    public static AtomicFile Create(string name)
    {
        var path = System.IO.Path.GetFullPath(name);
        if (System.IO.Path.Exists(path))
            throw new OperatorException($"\"{name}\" already exists, and is not overwritten; choose another name");
        var file = new AtomicFile(name, path);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            new FileStream(file.PartialPath, options).Dispose();
            return file;
        }
        catch (IOException) when (File.Exists(file.PartialPath))
        {
            throw new OperatorException($"\"{name}{PartialSuffix}\" exists: another command is writing it; if it was killed, delete the file");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"\"{name}\" cannot be created: {fault.Message}");
        }
    }

    /// <summary>Syncs the partial file and renames it.</summary>
    /// <returns>The size of the file in bytes.</returns>
    public long Complete()
    {
        long length;
        using (var partial = new FileStream(PartialPath, FileMode.Open, FileAccess.ReadWrite))
        {
            partial.Flush(flushToDisk: true);
            length = partial.Length;
        }

        try
        {
            File.Move(PartialPath, _path, overwrite: false);
        }
        catch (IOException) when (File.Exists(_path))
        {
            throw new OperatorException($"\"{_name}\" was created while the command ran, and is not overwritten; choose another name");
        }

        _isComplete = true;
        return length;
    }

    public void Dispose()
    {
        if (_isComplete)
            return;
        foreach (var companion in SqliteSuffixes)
            File.Delete(PartialPath + companion);
    }
}
