using System.Runtime.InteropServices;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Runs long computations on separate threads, with a lower priority on Linux. The thread pool has only about as many threads as the machine has
/// processors, so long computations in the pool would delay the messages of all users.
/// </summary>
internal static partial class BackgroundThread
{
    // With this increment, a thread gets about a third of the processor time of a usual thread if both threads need the processor. With an increment
    // of 10 it gets a tenth. That is too little on a machine that is busy with other programs: there, a login took more than 30 seconds.
    private const int Increment = 5;

    /// <summary>Starts a thread that runs the function and then ends.</summary>
    public static void Start(string name, Action run)
    {
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux())
                _ = Nice(Increment);
            run();
        })
        { IsBackground = true, Name = name };
        thread.UnsafeStart();
    }

    // On Linux, nice(2) changes only the calling thread.
    [LibraryImport("libc", EntryPoint = "nice")]
    private static partial int Nice(int increment);
}
