using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>One connection: opened on the caller's thread, then read by the <see cref="Receiver"/>'s alone.</summary>
internal sealed class Line : IDisposable
{
    private const int OpenBytes = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _sending = new();
    private byte[] _rest = [];
    private int _kept;

    public Line(EndPoint server)
    {
        Socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = (int)Patience.TotalMilliseconds };
        try
        {
            Socket.Connect(server);
        }
        catch
        {
            Socket.Dispose();
            throw;
        }
    }

    public Socket Socket { get; }

    /// <summary>Publishes by HTTP requests, and gets nothing but their answers.</summary>
    public bool SpeaksHttp { get; private set; }

    public FrameWalk Walk { get; } = new();

    /// <summary>The number of the message that comes next, if none is lost.</summary>
    public int Next { get; set; }

    /// <summary>Bytes of a frame of which more is to come; they stand before what is received next.</summary>
    public ReadOnlySpan<byte> Rest => _rest.AsSpan(0, _kept);

    public void Keep(ReadOnlySpan<byte> rest)
    {
        if (_rest.Length < rest.Length)
            _rest = new byte[Math.Max(1024, 2 * rest.Length)];
        rest.CopyTo(_rest);
        _kept = rest.Length;
    }

    /// <summary>Opens the WebSocket, and returns when this connection gets every message.</summary>
    /// <exception cref="LoadException">The peer refused, closed, or said nothing for half a minute.</exception>
    public void Open(Wire wire, int index, bool publishes)
    {
        try
        {
            var buffer = new byte[OpenBytes];
            Upgrade(wire.Path(index, publishes), buffer);
            foreach (var hello in wire.Hello(index, publishes))
                Send(Wire.Frame(hello));
            var began = Stopwatch.GetTimestamp();
            var isReady = wire.IsReadyAtOnce;
            while (!Take(wire, ref isReady))
            {
                if (Stopwatch.GetElapsedTime(began) > Patience)
                    throw new LoadException($"connection {index}: not ready in {Patience.TotalSeconds} s");
                Keep([.. Rest, .. buffer.AsSpan(0, Receive(buffer))]);
            }

            Socket.Blocking = false;
        }
        catch (SocketException fault)
        {
            throw new LoadException($"connection {index}: {fault.Message}");
        }
    }

    /// <summary>Leaves the connection as it is: for the requests of one who publishes.</summary>
    public void OpenHttp()
    {
        SpeaksHttp = true;
        Socket.Blocking = false;
    }

    /// <summary>Sends all of it, waiting where the peer does not read.</summary>
    /// <returns>False where the connection has ended; who reads learns why.</returns>
    public bool Send(ReadOnlySpan<byte> bytes)
    {
        lock (_sending)
        {
            try
            {
                while (!bytes.IsEmpty)
                {
                    bytes = bytes[Socket.Send(bytes, SocketFlags.None, out var error)..];
                    if (error == SocketError.WouldBlock)
                        Socket.Poll(Patience, SelectMode.SelectWrite);
                    else if (error != SocketError.Success)
                        return false;
                }

                return true;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Resets the connection, so that no port waits for stragglers: thousands are used within a minute.</summary>
    public void Dispose()
    {
        try
        {
            Socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // the peer was faster
        }

        Socket.Dispose();
    }

    private void Upgrade(string path, byte[] buffer)
    {
        var key = Handshake.NewKey();
        var request = new ArrayBufferWriter<byte>();
        Handshake.WriteRequest(request, $"{Socket.RemoteEndPoint}", path, key);
        Send(request.WrittenSpan);
        var read = 0;
        while (true)
        {
            read += Receive(buffer.AsSpan(read));
            if (!Handshake.TryReadResponse(buffer.AsSpan(0, read), key, out var consumed, out _, out var fault))
                continue;
            if (fault is not null)
                throw new LoadException($"no WebSocket at {path}: {fault}");
            Keep(buffer.AsSpan(consumed, read - consumed));
            return;
        }
    }

    private int Receive(Span<byte> buffer) => Socket.Receive(buffer) is > 0 and var received ? received : throw new LoadException("closed before it was ready");

    // Whole frames among what has come, until one says that all is ready; what follows that one is the receiver's.
    private bool Take(Wire wire, ref bool isReady)
    {
        ReadOnlySpan<byte> bytes = Rest.ToArray();
        while (!isReady && Walk.TryNext(ref bytes, out var kind, out var payload))
        {
            if (kind == FrameKind.Close)
                throw new LoadException("closed before it was ready");
            if (kind != FrameKind.Text)
                continue;
            isReady = wire.IsReady(payload);
            if (!isReady && wire.Answer(payload) is { } answer)
                Send(Wire.Frame(answer));
        }

        Keep(bytes);
        return isReady;
    }
}
