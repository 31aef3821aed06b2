namespace RawSocketChat.Tests.Support;

/// <summary>A folder of the test's own, gone when the test is over.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rawsocketchat-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
