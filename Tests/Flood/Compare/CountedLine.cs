using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One TCP connection, whose bytes are counted both ways; read by lines and by lengths, as HTTP/1.1 and line protocols want it.</summary>
internal sealed class CountedLine : IDisposable
{
    private readonly Socket _socket;
    private readonly Traffic _traffic;
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private CountedLine(Socket socket, Traffic traffic) => (_socket, _traffic) = (socket, traffic);

    /// <exception cref="FloodException">Nobody listens there.</exception>
    public static async Task<CountedLine> ConnectAsync(IPEndPoint server, Traffic traffic, CancellationToken cancel)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancel);
            return new CountedLine(socket, traffic);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new FloodException($"{server}: {e.Message}");
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        _traffic.Sent(bytes.Length);
        while (bytes.Length > 0)
            bytes = bytes[await _socket.SendAsync(bytes, cancel)..];
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
    public void Dispose()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var count = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancel);
        _traffic.Received(count);
        _end += count;
        return count > 0;
    }
}
