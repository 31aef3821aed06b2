using System.Runtime.InteropServices;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// System calls for which .NET has no method, or only a slow one: epoll, exact waiting, and the processor time of another process.
/// </summary>
internal static partial class Kernel
{
    private const int Monotonic = 1;
    private const int Absolute = 1;

    // CPUCLOCK_SCHED: the time that the scheduler counted, in nanoseconds. It includes the time of threads that have ended.
    private const int ProcessSchedulerClock = 2;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static unsafe partial int EpollControl(int epoll, int operation, int descriptor, byte* e);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static unsafe partial int EpollWait(int epoll, byte* events, int maxEvents, int milliseconds);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static unsafe partial int ClockSleep(int clock, int flags, Time* until, Time* left);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static unsafe partial int ClockGet(int clock, Time* now);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    /// <summary>Sends SIGTERM to a process.</summary>
    public static void Terminate(int process) => _ = Signal(process, 15);

    /// <summary>
    /// Waits until <see cref="System.Diagnostics.Stopwatch"/> reaches <paramref name="ticks"/>, with a precision of some tens of
    /// microseconds. A wait in whole milliseconds would increase every measured latency.
    /// </summary>
    public static unsafe void SleepUntil(long ticks)
    {
        // On Linux, Stopwatch is the monotonic clock in nanoseconds. A signal ends the wait early, so the caller must check the time.
        var until = new Time { Seconds = (nint)(ticks / 1_000_000_000), Nanoseconds = (nint)(ticks % 1_000_000_000) };
        _ = ClockSleep(Monotonic, Absolute, &until, null);
    }

    /// <summary>Returns the processor time of a process so far, in microseconds, or null if it has ended.</summary>
    public static unsafe double? ProcessorMicroseconds(int process)
    {
        var time = default(Time);
        return ClockGet((~process << 3) | ProcessSchedulerClock, &time) == 0 ? (time.Seconds * 1e6) + (time.Nanoseconds / 1e3) : null;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
