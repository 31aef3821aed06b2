namespace RawSocketChat.Server.Operator;

/// <summary>
/// A file that is there whole or not at all, and takes no other's place: written beside it under another name, synced, then
/// renamed. Only its owner may read it, since what a server keeps is nobody else's.
/// </summary>
internal sealed class NewFile : IDisposable
{
    private const string Suffix = ".partial";

    // What SQLite may put beside a database while it writes it.
    private static readonly string[] Companions = ["", "-journal", "-wal", "-shm"];

    private readonly string _name;
    private readonly string _path;
    private bool _isComplete;

    private NewFile(string name, string path)
    {
        _name = name;
        _path = path;
    }

    /// <summary>Where it is written.</summary>
    public string PartialPath => _path + Suffix;

    /// <summary>Makes the partial file, empty.</summary>
    /// <exception cref="OperatorException">It is there already, or cannot be made.</exception>
    public static NewFile Reserve(string name)
    {
        var path = System.IO.Path.GetFullPath(name);
        if (System.IO.Path.Exists(path))
            throw new OperatorException($"\"{name}\" is there already, and nothing is overwritten; name another file");
        var file = new NewFile(name, path);
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
            throw new OperatorException($"\"{name}{Suffix}\" is there: another one writes it, or was killed at it; then delete it");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"\"{name}\" cannot be made: {fault.Message}");
        }
    }

    /// <summary>Gives it its name.</summary>
    /// <returns>Its size in bytes.</returns>
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
            throw new OperatorException($"\"{_name}\" came to be there meanwhile, and nothing is overwritten; name another file");
        }

        _isComplete = true;
        return length;
    }

    public void Dispose()
    {
        if (_isComplete)
            return;
        foreach (var companion in Companions)
            File.Delete(PartialPath + companion);
    }
}
