using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One connection, whose bytes are counted both ways; read by lines and by lengths, as HTTP/1.1 and line protocols want it.</summary>
/// <param name="stream">What it reads and writes.</param>
/// <param name="traffic">Counts.</param>
/// <param name="cut">Drops it without a word.</param>
internal sealed class CountedLine(Stream stream, Traffic traffic, Action cut) : IDisposable
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <exception cref="FloodException">Nobody listens there.</exception>
    public static async Task<CountedLine> ConnectAsync(IPEndPoint server, Traffic traffic, CancellationToken cancel)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancel);
            return new CountedLine(new NetworkStream(socket), traffic, () => Cut(socket));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new FloodException($"{server}: {e.Message}");
        }
    }

    /// <summary>Ends a connection as a line that is cut: by a reset.</summary>
    public static void Cut(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        socket.Dispose();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        traffic.Sent(bytes.Length);
        await stream.WriteAsync(bytes, cancel);
        await stream.FlushAsync(cancel);
    }

    public Task SendAsync(string text, CancellationToken cancel) => SendAsync(Encoding.UTF8.GetBytes(text), cancel);

    /// <summary>The next line, without its end. Valid until the next call. Null: the stream has ended.</summary>
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

    /// <summary>So many bytes. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancel)
    {
        while (_end - _start < count)
        {
            if (!await FillAsync(cancel))
                throw new IOException("the server ended the stream in the middle of an answer");
        }

        var read = _buffer.AsMemory(_start, count);
        _start += count;
        return read;
    }

    /// <summary>Whatever is there, at least a byte. Empty: the stream has ended. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadSomeAsync(CancellationToken cancel)
    {
        if (_end == _start && !await FillAsync(cancel))
            return default;
        var read = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return read;
    }

    /// <summary>Drops it without a word, as a line that is cut.</summary>
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
        traffic.Received(count);
        _end += count;
        return count > 0;
    }
}
