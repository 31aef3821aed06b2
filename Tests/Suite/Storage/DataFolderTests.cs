using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

public sealed class DataFolderTests
{
    [TestCase(null)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    public void Only_the_owner_can_read_the_lock_file_in_a_folder_that_others_can_read(UnixFileMode? before)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var file = Path.Combine(folder.Path, "lock");
        if (before is { } mode)
        {
            File.WriteAllText(file, "");
            File.SetUnixFileMode(file, mode);
        }

        using var _ = DataFolder.Lock(folder.Path);
        File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
