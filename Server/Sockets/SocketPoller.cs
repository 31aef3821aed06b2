using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// Tells an input that there is something to receive: epoll(7), edge-triggered, on one thread for the whole process. .NET's own way to
/// wait for a socket keeps two thirds of a kilobyte for each; this keeps a place in a table.
/// </summary>
internal sealed unsafe partial class SocketPoller
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const uint ForInput = 0x001;
    private const uint PeerEnded = 0x2000;
    private const uint EdgeTriggered = 1u << 31;
    private const int MostEvents = 256;

    // sys/epoll.h: struct epoll_event is packed on x64 alone.
    private static readonly int KeyAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = KeyAt + sizeof(long);

    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private readonly int _epoll;
    private Place[] _places = new Place[64];
    private int _count;

    private SocketPoller()
    {
        _epoll = Create(CloseOnExec);
        if (_epoll < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        new Thread(Run) { IsBackground = true, Name = "Socket poller" }.UnsafeStart();
    }

    /// <summary>The only one, made when the first connection asks; it lasts as long as the process, as .NET's own does.</summary>
    public static SocketPoller Shared => Lazily.Poller;

    /// <summary>From now on, until it is removed, the input is executed on the pool whenever something new has come; perhaps once too often.</summary>
    /// <returns>What to remove it by.</returns>
    /// <exception cref="SocketException">The system watches no more sockets.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public long Watch(SafeSocketHandle socket, IThreadPoolWorkItem input)
    {
        var key = TakePlace(input);
        var bytes = stackalloc byte[EventBytes];
        *(uint*)bytes = ForInput | PeerEnded | EdgeTriggered;
        *(long*)(bytes + KeyAt) = key;
        var isWatched = false;
        try
        {
            isWatched = Control(_epoll, Add, socket, bytes) == 0;
            return isWatched ? key : throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
        finally
        {
            if (!isWatched)
                Remove(key);
        }
    }

    /// <summary>The system forgets a socket by itself once it is closed.</summary>
    public void Remove(long key)
    {
        var index = (int)(uint)key;
        lock (_gate)
        {
            ref var place = ref _places[index];
            if (place.Turn != (int)(key >> 32) || place.Input is null)
                return;
            place = new Place(null, (place.Turn + 1) & int.MaxValue);
            _free.Push(index);
        }
    }

    private long TakePlace(IThreadPoolWorkItem input)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var index))
                index = _count++;
            if (index == _places.Length)
                Array.Resize(ref _places, index * 2);
            ref var place = ref _places[index];
            place = place with { Input = input };
            return ((long)place.Turn << 32) | (uint)index;
        }
    }

    private void Run()
    {
        var events = stackalloc byte[MostEvents * EventBytes];
        while (true)
        {
            var count = Wait(_epoll, events, MostEvents, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() is not NativeSocket.Interrupted and var error)
                throw new Win32Exception(error);
            for (var i = 0; i < count; i++)
            {
                if (Find(*(long*)(events + (i * EventBytes) + KeyAt)) is { } input)
                    ThreadPool.UnsafeQueueUserWorkItem(input, preferLocal: false);
            }
        }
    }

    // What is told of a place may be about who had it before.
    private IThreadPoolWorkItem? Find(long key)
    {
        lock (_gate)
        {
            var place = _places[(int)(uint)key];
            return place.Turn == (int)(key >> 32) ? place.Input : null;
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, SafeSocketHandle socket, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, byte* events, int most, int milliseconds);

    private readonly record struct Place(IThreadPoolWorkItem? Input, int Turn);

    private static class Lazily
    {
        public static readonly SocketPoller Poller = new();
    }
}
