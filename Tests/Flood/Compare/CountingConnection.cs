using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A connection that counts its bytes in both directions. It reads lines and fixed lengths, for HTTP/1.1 and line protocols.</summary>
/// <param name="stream">The stream to read and write.</param>
/// <param name="traffic">Counts the bytes.</param>
/// <param name="cut">Aborts the connection.</param>
internal sealed class CountingConnection(Stream stream, Traffic traffic, Action cut) : IDisposable
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <exception cref="FloodException">The server can't be reached.</exception>
    public static async Task<CountingConnection> ConnectAsync(IPEndPoint server, Traffic traffic, CancellationToken cancel)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancel);
            return new CountingConnection(new NetworkStream(socket), traffic, () => Cut(socket));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new FloodException($"{server}: {e.Message}");
        }
    }

    /// <summary>Aborts a connection with a TCP reset.</summary>
    public static void Cut(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The connection has ended already.
        }

        socket.Dispose();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        traffic.AddSent(bytes.Length);
        await stream.WriteAsync(bytes, cancel);
        await stream.FlushAsync(cancel);
    }

    public Task SendAsync(string text, CancellationToken cancel) => SendAsync(Encoding.UTF8.GetBytes(text), cancel);

    /// <summary>Reads the next line, without its line end; null at the end of the stream. The line is valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancel)
    {
        var searched = 0;
        while (true)
        {
            var at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + at);
                _start += searched + at + 1;
                return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
            }

            searched = _end - _start;
            if (!await FillAsync(cancel))
                return null;
        }
    }

    /// <summary>Reads exactly <paramref name="count"/> bytes. They are valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancel)
    {
        while (_end - _start < count)
        {
            if (!await FillAsync(cancel))
                throw new IOException("the server ended the stream in the middle of a response");
        }

        var read = _buffer.AsMemory(_start, count);
        _start += count;
        return read;
    }

    /// <summary>Reads the available bytes, at least one; empty at the end of the stream. The bytes are valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadSomeAsync(CancellationToken cancel)
    {
        if (_end == _start && !await FillAsync(cancel))
            return default;
        var read = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return read;
    }

    /// <summary>Aborts the connection.</summary>
    public void Dispose() => cut();

    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
        traffic.AddReceived(count);
        _end += count;
        return count > 0;
    }
}
