using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// One thing to many connections. Each system call fills the cache with what is the kernel's, so that the way from the next
/// connection to its socket would be one wait for memory after the other. So it is fetched ahead, a step of it behind each send.
/// </summary>
/// <remarks>Of x64 alone; .NET offers no such instruction of other processors, and there nothing is fetched.</remarks>
public static class Broadcast
{
    private const int CacheLine = 64;

    // An object's header and what is looked at of it before anything is sent.
    private const int LinesOfConnection = 2;
    private const int LinesOfOutbox = 3;
    private const int LinesOfOutput = 4;

    public static void Send(ReadOnlySpan<Connection> connections, Outbound outbound)
    {
        for (var i = 0; i < connections.Length; i++)
        {
            if (Sse.IsSupported)
                FetchAhead(connections[i..]);
            connections[i].Send(outbound);
        }
    }

    // Each step reads only what an earlier send has fetched.
    private static void FetchAhead(ReadOnlySpan<Connection> coming)
    {
        if (coming.Length > 3)
            Fetch(coming[3], LinesOfConnection);
        if (coming.Length > 2)
            Fetch(coming[2].Outbox, LinesOfOutbox);
        if (coming.Length > 1 && coming[1].Outbox.Output is { } output)
            Fetch(output, LinesOfOutput);
    }

    // Nothing is read, and no address is refused: should the object move meanwhile, what was there is fetched for nothing.
    private static unsafe void Fetch(object of, int lines)
    {
        var at = (byte*)Unsafe.As<object, nint>(ref of);
        for (var i = 0; i < lines; i++)
            Sse.Prefetch0(at + (i * CacheLine));
    }
}
