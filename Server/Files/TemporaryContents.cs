using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// The contents of a server whose data is in memory only (<see cref="Durability.None"/>): a temporary folder, which is removed when the server stops.
/// </summary>
public sealed class TemporaryContents : IDisposable
{
    private readonly Lazy<string> _path = new(() => Directory.CreateTempSubdirectory("rawsocketchat-files-").FullName);

    public ContentFolder Folder => new(_path.Value);

    public void Dispose()
    {
        if (_path.IsValueCreated && Directory.Exists(_path.Value))
            Directory.Delete(_path.Value, recursive: true);
    }
}
