using System.Runtime.InteropServices;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Decides how many connections may be open. Each connection needs a file descriptor, and the .NET runtime ends the process if it cannot
/// open a file that it needs. So the connections must leave enough descriptors for files.
/// </summary>
internal static partial class FileDescriptors
{
    /// <summary>
    /// Descriptors of the server itself. An idle server has about 230 open files, most of them assemblies (measured on Linux with
    /// <c>ls /proc/PID/fd | wc -l</c>). The remaining descriptors are for assemblies that are loaded later, database files and listening sockets.
    /// </summary>
    internal const int OwnFiles = 320;

    // An upload opens a file for the received content and, if the content is an image, a file for the copy without metadata.
    private const int FilesOfUpload = 2;

    // RLIMIT_NOFILE of sys/resource.h.
    private static readonly int OpenFiles = OperatingSystem.IsLinux() ? 7 : 8;

    /// <summary>
    /// The maximum number of files that the process may open. Null if the system has no such limit, or if this method cannot read it. .NET has
    /// already raised the soft limit to the hard limit at the start of the process.
    /// </summary>
    public static long? ReadLimit()
    {
        if (OperatingSystem.IsWindows() || !Environment.Is64BitProcess || GetResourceLimit(OpenFiles, out var limit) != 0)
            return null;
        return limit.Soft > int.MaxValue ? null : (long)limit.Soft;
    }

    /// <summary>
    /// Returns the number of descriptors that connections may not use. They are for the server itself, for the uploads that it receives, and for the
    /// webhooks that it sends. Downloads keep no file open.
    /// </summary>
    public static int GetReserve(FilesOptions files, WebhookOptions webhooks) =>
        OwnFiles + (files.Enabled ? FilesOfUpload * files.Uploads : 0) + (webhooks.Enabled ? webhooks.MaxConcurrent : 0);

    /// <summary>Returns the maximum number of open connections.</summary>
    /// <param name="setting">The value of <see cref="TransportOptions.Connections"/>. 0: as many as <paramref name="limit"/> allows.</param>
    /// <param name="limit">The maximum number of open files; null if it is not known.</param>
    /// <param name="reserve">The descriptors that connections may not use.</param>
    /// <exception cref="SettingException">The process may not open enough files.</exception>
    public static int GetMaxConnections(int setting, long? limit, int reserve)
    {
        var allowed = (int)Math.Min((limit ?? int.MaxValue) - reserve, int.MaxValue);
        if (allowed < 1)
            throw new SettingException($"ulimit -n: this process may open only {limit} files; the server needs {reserve}, and one more for each connection");
        if (setting > allowed)
            throw new SettingException($"--Transport:Connections: {setting} connections need {(long)setting + reserve} open files, but this process may open only {limit}; set at most {allowed}, or raise the limit (ulimit -n)");
        return setting == 0 ? allowed : setting;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetResourceLimit(int resource, out ResourceLimit limit);

    // struct rlimit of sys/resource.h on 64-bit systems.
    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
