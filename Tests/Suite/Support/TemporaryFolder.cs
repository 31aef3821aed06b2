namespace RawSocketChat.Tests.Support;

/// <summary>A temporary folder, deleted on dispose.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rawsocketchat-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
