using System.Diagnostics;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// A small disk in memory (tmpfs) that a test can fill or make read-only. Needs root or sudo, like Tests/run.
/// </summary>
public sealed class TemporaryDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TemporaryDisk(int megabytes) => RunAsRoot("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "tmpfs", _folder.Path);

    /// <summary>The mount point.</summary>
    public string Path => _folder.Path;

    /// <summary>The path of a data folder on the disk. The server creates it.</summary>
    public string DataPath => System.IO.Path.Combine(Path, "data");

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Fills all free space.</summary>
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
            // The disk is full.
        }
    }

    /// <summary>Frees the space that <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Filler);

    /// <summary>Makes the disk read-only. Fails if a file on the disk is open for writing.</summary>
    public void MakeReadOnly() => RunAsRoot("mount", "-o", "remount,ro", _folder.Path);

    public void MakeWritable() => RunAsRoot("mount", "-o", "remount,rw", _folder.Path);

    public void Dispose()
    {
        RunAsRoot("umount", _folder.Path);
        _folder.Dispose();
    }

    private static void RunAsRoot(params string[] command)
    {
        string[] full = Environment.IsPrivilegedProcess ? command : ["sudo", "-n", .. command];
        using var process = Process.Start(new ProcessStartInfo(full[0], full[1..]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new AssertionException($"{string.Join(' ', full)}: {error}");
    }
}
