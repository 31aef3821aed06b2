using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// send(2) and recv(2) themselves, where it is Linux. In a fan-out what <see cref="Socket"/> does around them, in objects that a thousand
/// other deliveries have pushed out of the cache, is what costs most outside the kernel; and a socket that is never
/// asked for more keeps none of what .NET waits by (<see cref="SocketPoller"/>).
/// </summary>
internal static unsafe partial class NativeSocket
{
    // sys/socket.h: never waits, and a peer that is gone is an error and no signal.
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;

    // errno.h, the same on every processor that .NET runs Linux on.
    internal const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const int ConnectionReset = 104;
    private const int TimedOut = 110;

    /// <summary>Whether this is Linux, with the C library that its programs have.</summary>
    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc", typeof(NativeSocket).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, "epoll_wait", out _);

    /// <summary>Sends what the socket takes at once; <see cref="SocketError.WouldBlock"/> where that is nothing.</summary>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, out int sent)
    {
        fixed (byte* first = bytes)
        {
            nint taken;
            do
                taken = Send(socket, first, bytes.Length, DontWait | NoSignal);
            while (taken < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            sent = (int)Math.Max(taken, 0);
            return taken < 0 ? LastError() : SocketError.Success;
        }
    }

    /// <summary>Takes what has come; nothing where the peer has ended its side, <see cref="SocketError.WouldBlock"/> where nothing has come.</summary>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Receive(SafeSocketHandle socket, Span<byte> free, out int received)
    {
        fixed (byte* first = free)
        {
            nint got;
            do
                got = Receive(socket, first, free.Length, DontWait);
            while (got < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            received = (int)Math.Max(got, 0);
            return got < 0 ? LastError() : SocketError.Success;
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
