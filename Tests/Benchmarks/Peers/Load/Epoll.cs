using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>Waits until some of many sockets are readable. Only one thread may wait. Any thread may add sockets.</summary>
internal sealed class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const uint Readable = 0x1 | 0x2000; // EPOLLIN, EPOLLRDHUP

    // struct epoll_event is packed on x86-64 only: 32 bits of events, then 64 bits of user data.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventBytes = IsPacked ? 12 : 16;
    private static readonly int TokenOffset = IsPacked ? 4 : 8;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _events;

    public Epoll(int maxEvents)
    {
        _handle = new SafeFileHandle(Kernel.EpollCreate(CloseOnExec), ownsHandle: true);
        if (_handle.IsInvalid)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        _events = new byte[maxEvents * EventBytes];
    }

    private int Descriptor => (int)_handle.DangerousGetHandle();

    public void Add(Socket socket, int token) => Control(AddOperation, socket, token);

    public void Remove(Socket socket) => Control(RemoveOperation, socket, 0);

    /// <summary>Waits, and writes the tokens of the readable sockets to <paramref name="tokens"/>.</summary>
    /// <returns>The number of tokens.</returns>
    public unsafe int Wait(Span<int> tokens, int milliseconds)
    {
        int count;
        fixed (byte* events = _events)
            count = Kernel.EpollWait(Descriptor, events, Math.Min(tokens.Length, _events.Length / EventBytes), milliseconds);
        for (var i = 0; i < count; i++)
            tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((i * EventBytes) + TokenOffset));
        return Math.Max(0, count); // -1 after a signal: no socket is ready
    }

    public void Dispose() => _handle.Dispose();

    private unsafe void Control(int operation, Socket socket, int token)
    {
        Span<byte> e = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(e, Readable);
        BinaryPrimitives.WriteInt64LittleEndian(e[TokenOffset..], token);
        fixed (byte* pointer = e)
        {
            if (Kernel.EpollControl(Descriptor, operation, (int)socket.Handle, pointer) != 0 && operation == AddOperation)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
