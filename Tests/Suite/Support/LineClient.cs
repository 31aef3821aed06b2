using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>A client of the raw TCP port.</summary>
public sealed class LineClient : IChatPeer
{
    private readonly Socket _socket;
    private readonly char _delimiter;
    private readonly List<string> _lines = [];

    private LineClient(Socket socket, char delimiter)
    {
        _socket = socket;
        _delimiter = delimiter;
    }

    public FrameInbox Inbox { get; } = new();

    /// <summary>Completes when the server has ended the stream. Faults if the connection was reset.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public static async Task<LineClient> ConnectAsync(int port, char delimiter = '\n', bool read = true)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var client = new LineClient(socket, delimiter);
        if (read)
            client.Read();
        return client;
    }

    /// <summary>Connects to a Unix domain socket.</summary>
    public static async Task<LineClient> ConnectAsync(UnixDomainSocketEndPoint endpoint)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endpoint);
        var client = new LineClient(socket, '\n');
        client.Read();
        return client;
    }

    /// <summary>Starts to read.</summary>
    public void Read() => Ended = ReadAsync();

    public Task SendAsync(string text) => SendBytesAsync(Encoding.UTF8.GetBytes(text + _delimiter));

    public Task SendAsync(ClientFrame frame) => SendAsync(Encoding.UTF8.GetString(ChatCodec.Encode(frame)));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    /// <summary>Ends the sending side, like <c>nc -N</c>, and continues to read.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public Task ExpectLineAsync(string part) =>
        TestWait.UntilAsync(() => Lines.Any(line => line.Contains(part, StringComparison.Ordinal)), $"a line with \"{part}\" among:\n{string.Join('\n', Lines)}");

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        var rest = new MemoryStream();
        try
        {
            while (await _socket.ReceiveAsync(buffer) is > 0 and var count)
            {
                foreach (var octet in buffer.AsSpan(0, count))
                {
                    if (octet != _delimiter)
                    {
                        rest.WriteByte(octet);
                        continue;
                    }

                    Add(rest.ToArray());
                    rest.SetLength(0);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The test has ended.
        }
        finally
        {
            Inbox.End();
        }
    }

    private void Add(byte[] line)
    {
        lock (_lines)
            _lines.Add(Encoding.UTF8.GetString(line));
        if (line is [(byte)'{', ..])
            Inbox.Add(line);
    }
}
