using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// Non-blocking send(2) and recv(2), called directly on Linux instead of through <see cref="Socket"/>.
/// <para>
/// The first reason is speed: during a fan-out, the objects that <see cref="Socket"/> uses for each call are no longer in the CPU cache. A
/// direct call takes 0.51 to 0.85 µs of user-mode CPU per delivery instead of 0.90 to 1.21 (Tests/Benchmarks/README.md, "Log",
/// "Broadcast"). The second reason is memory: if a socket is used only through these calls, .NET allocates no state for asynchronous
/// operations on this socket (see <see cref="SocketPoller"/>).
/// </para>
/// </summary>
internal static unsafe partial class NativeSocket
{
    // Flags of sys/socket.h. With NoSignal, a send to a lost peer returns an error and raises no SIGPIPE.
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;

    // Values of errno.h: EINTR, EAGAIN, EPIPE, ECONNRESET and ETIMEDOUT. The values are equal on all processors for which .NET supports
    // Linux.
    internal const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const int ConnectionReset = 104;
    private const int TimedOut = 110;

    /// <summary>True on Linux with a C library that has epoll.</summary>
    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc", typeof(NativeSocket).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, "epoll_wait", out _);

    /// <summary>Sends as many bytes as the socket accepts without waiting. Retries after EINTR.</summary>
    /// <returns><see cref="SocketError.WouldBlock"/> if the socket accepts no byte now.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, out int sent)
    {
        fixed (byte* first = bytes)
        {
            nint result;
            do
                result = Send(socket, first, bytes.Length, DontWait | NoSignal);
            while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            sent = (int)Math.Max(result, 0);
            return result < 0 ? LastError() : SocketError.Success;
        }
    }

    /// <summary>Receives the bytes that are available. Retries after EINTR.</summary>
    /// <param name="received">If this is 0 and the result is <see cref="SocketError.Success"/>, the peer has shut down its sending side.</param>
    /// <returns><see cref="SocketError.WouldBlock"/> if no byte is available.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Receive(SafeSocketHandle socket, Span<byte> free, out int received)
    {
        fixed (byte* first = free)
        {
            nint result;
            do
                result = Receive(socket, first, free.Length, DontWait);
            while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            received = (int)Math.Max(result, 0);
            return result < 0 ? LastError() : SocketError.Success;
        }
    }

    private static SocketError LastError() => Marshal.GetLastPInvokeError() switch
    {
        TryAgain => SocketError.WouldBlock,
        BrokenPipe => SocketError.Shutdown,
        ConnectionReset => SocketError.ConnectionReset,
        TimedOut => SocketError.TimedOut,
        _ => SocketError.SocketError,
    };

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeSocketHandle socket, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeSocketHandle socket, byte* free, nint length, int flags);
}
