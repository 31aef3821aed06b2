using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>One connection of the load. The caller's thread opens the connection. After that only the thread of the <see cref="Receiver"/> reads from it.</summary>
internal sealed class LoadConnection : IDisposable
{
    private const int OpenBytes = 16 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly Lock _sending = new();
    private byte[] _remainder = [];
    private int _remainderLength;

    public LoadConnection(EndPoint server)
    {
        Socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = (int)Timeout.TotalMilliseconds };
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

    /// <summary>Whether this connection publishes with HTTP requests, and receives only their responses.</summary>
    public bool IsHttp { get; private set; }

    public FrameScanner Frames { get; } = new();

    /// <summary>The number of the next expected message.</summary>
    public int NextNumber { get; set; }

    /// <summary>The received bytes of an incomplete frame. The next receive returns the rest of the frame.</summary>
    public ReadOnlySpan<byte> Remainder => _remainder.AsSpan(0, _remainderLength);

    public void SaveRemainder(ReadOnlySpan<byte> remainder)
    {
        if (_remainder.Length < remainder.Length)
            _remainder = new byte[Math.Max(1024, 2 * remainder.Length)];
        remainder.CopyTo(_remainder);
        _remainderLength = remainder.Length;
    }

    /// <summary>Opens the WebSocket, and returns when the connection is subscribed.</summary>
    /// <exception cref="LoadException">The peer rejected or closed the connection, or the connection was not subscribed within 30 seconds.</exception>
    public void Open(Wire wire, int index, bool publishes)
    {
        try
        {
            var buffer = new byte[OpenBytes];
            Upgrade(wire.GetPath(index, publishes), buffer);
            foreach (var hello in wire.CreateHello(index, publishes))
                Send(Wire.EncodeFrame(hello));
            var start = Stopwatch.GetTimestamp();
            var isReady = wire.IsReadyAtOnce;
            while (!ReceiveFrames(wire, ref isReady))
            {
                if (Stopwatch.GetElapsedTime(start) > Timeout)
                    throw new LoadException($"connection {index}: not ready in {Timeout.TotalSeconds} s");
                SaveRemainder([.. Remainder, .. buffer.AsSpan(0, Receive(buffer))]);
            }

            Socket.Blocking = false;
        }
        catch (SocketException fault)
        {
            throw new LoadException($"connection {index}: {fault.Message}");
        }
    }

    /// <summary>Uses the connection to publish with HTTP requests.</summary>
    public void OpenHttp()
    {
        IsHttp = true;
        Socket.Blocking = false;
    }

    /// <summary>Sends all bytes, and waits while the peer does not read.</summary>
    /// <returns>False if the connection has ended. The next receive then reports the reason.</returns>
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
                        Socket.Poll(Timeout, SelectMode.SelectWrite);
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

    /// <summary>Resets the connection, so that its port does not stay in TIME_WAIT. A run uses thousands of ports within a minute.</summary>
    public void Dispose()
    {
        try
        {
            Socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // The peer has already reset the connection.
        }

        Socket.Dispose();
    }

    private void Upgrade(string path, byte[] buffer)
    {
        var key = HandshakeKey.Create();
        var request = new ArrayBufferWriter<byte>();
        ClientHandshake.WriteRequest(request, $"{Socket.RemoteEndPoint}", path, key);
        Send(request.WrittenSpan);
        var read = 0;
        while (true)
        {
            read += Receive(buffer.AsSpan(read));
            if (!ClientHandshake.TryReadResponse(buffer.AsSpan(0, read), key, out var consumed, out _, out var fault))
                continue;
            if (fault is not null)
                throw new LoadException($"no WebSocket at {path}: {fault}");
            SaveRemainder(buffer.AsSpan(consumed, read - consumed));
            return;
        }
    }

    private int Receive(Span<byte> buffer) => Socket.Receive(buffer) is > 0 and var received ? received : throw new LoadException("closed before it was ready");

    // Reads complete frames until a frame shows that the connection is subscribed. The receiver reads the later frames.
    private bool ReceiveFrames(Wire wire, ref bool isReady)
    {
        ReadOnlySpan<byte> bytes = Remainder.ToArray();
        while (!isReady && Frames.TryRead(ref bytes, out var kind, out var payload))
        {
            if (kind == FrameKind.Close)
                throw new LoadException("closed before it was ready");
            if (kind != FrameKind.Text)
                continue;
            isReady = wire.IsReady(payload);
            if (!isReady && wire.GetAnswer(payload) is { } answer)
                Send(Wire.EncodeFrame(answer));
        }

        SaveRemainder(bytes);
        return isReady;
    }
}
