using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// A small disk of the test's own, in memory, that can be filled and be read-only. Needs root or sudo, as Tests/run does.
/// </summary>
public sealed class TemporaryDisk : IDisposable
{
    private readonly TemporaryFolder _at = new();

    public TemporaryDisk(int megabytes) => AsRoot("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "tmpfs", _at.Path);

    /// <summary>Where it is mounted.</summary>
    public string Path => _at.Path;

    /// <summary>A folder on it.</summary>
    public string Data => System.IO.Path.Combine(Path, "data");

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Takes all the space that is left.</summary>
    public void Fill()
    {
        var block = new byte[4096];
        try
        {
            using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
                filler.Write(block);
        }
        catch (IOException)
        {
            // It is full: there is no better sign of it.
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Filler);

    /// <summary>Possible only while nobody has a file of it open for writing.</summary>
    public void MakeReadOnly() => AsRoot("mount", "-o", "remount,ro", _at.Path);

    public void MakeWritable() => AsRoot("mount", "-o", "remount,rw", _at.Path);

    public void Dispose()
    {
        AsRoot("umount", _at.Path);
        _at.Dispose();
    }

    private static void AsRoot(params string[] command)
    {
        string[] full = Environment.IsPrivilegedProcess ? command : ["sudo", "-n", .. command];
        using var process = Process.Start(new ProcessStartInfo(full[0], full[1..]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new AssertionException($"{string.Join(' ', full)}: {error}");
    }
}
