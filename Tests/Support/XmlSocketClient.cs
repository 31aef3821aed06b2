using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>Flash's XMLSocket refused to connect: the policy file does not let this page's host in.</summary>
public sealed class SecurityErrorException(string policy) : Exception($"the policy does not allow it: {policy}");

/// <summary>
/// A Flash player's XMLSocket as its documentation has it. Before it connects, it opens a connection to the same port for
/// the policy file, sends the question with its NUL, reads to the NUL, and closes; then strings go both ways, each with a NUL.
/// </summary>
public sealed class XmlSocketClient : IChatPeer
{
    private readonly Socket _socket = NewSocket();
    private Task _reading = Task.CompletedTask;

    private XmlSocketClient()
    {
    }

    /// <summary>The data connection stands.</summary>
    public event Action? OnConnect;

    /// <summary>A string has come; it is never parsed as XML unless the movie asks for that.</summary>
    public event Action<string>? OnData;

    /// <summary>The server has ended the connection; not raised for an end of one's own.</summary>
    public event Action? OnClose;

    public FrameInbox Inbox { get; } = new();

    /// <summary>Connects as a movie that was loaded from that host.</summary>
    /// <exception cref="SecurityErrorException">The policy file does not let it.</exception>
    public static async Task<XmlSocketClient> ConnectAsync(int port, string host = "localhost", bool read = true, Action<XmlSocketClient>? listen = null)
    {
        var policy = await PolicyAsync(port);
        if (!Allows(policy, host, port))
            throw new SecurityErrorException(policy);

        var client = new XmlSocketClient();
        listen?.Invoke(client);
        await client._socket.ConnectAsync(IPAddress.Loopback, port);
        client.OnConnect?.Invoke();
        if (read)
            client.Read();
        return client;
    }

    /// <summary>What the server answers to the question for its policy, up to the NUL. A stream that ends before that is none.</summary>
    public static async Task<string> PolicyAsync(int port)
    {
        using var socket = NewSocket();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await SendAllAsync(socket, "<policy-file-request/>\0"u8.ToArray());
        return await ReadToNulAsync(socket).OrFail("the policy file");
    }

    public void Read() => _reading = ReadAsync();

    public Task SendAsync(string text) => SendAllAsync(_socket, Encoding.UTF8.GetBytes(text + '\0'));

    public Task SendAsync(ClientFrame frame) => SendAsync(Encoding.UTF8.GetString(ChatCodec.Encode(frame)));

    /// <summary>Ends the connection from this side, as XMLSocket.close does.</summary>
    public async Task CloseAsync()
    {
        OnClose = null;
        _socket.Shutdown(SocketShutdown.Both);
        await _reading.OrFail("the end of the reading");
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    private static bool Allows(string policy, string host, int port) => XDocument.Parse(policy).Root is { Name.LocalName: "cross-domain-policy" } root
        && root.Elements("allow-access-from").Any(access => Matches((string?)access.Attribute("domain"), host) && Opens((string?)access.Attribute("to-ports"), port));

    private static bool Matches(string? domain, string host) =>
        domain is "*" || string.Equals(domain, host, StringComparison.OrdinalIgnoreCase)
        || (domain is ['*', .. var parent] && host.EndsWith(parent, StringComparison.OrdinalIgnoreCase));

    private static bool Opens(string? ports, int port) =>
        ports is not null && ports.Split(',').Any(open => open == "*" || int.Parse(open, CultureInfo.InvariantCulture) == port);

    private static Socket NewSocket() => new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes)..];
    }

    private static async Task<string> ReadToNulAsync(Socket socket)
    {
        var (buffer, length) = (new byte[64 * 1024], 0);
        while (await socket.ReceiveAsync(buffer.AsMemory(length)) is > 0 and var count)
        {
            var end = buffer.AsSpan(length, count).IndexOf((byte)0);
            if (end >= 0)
                return Encoding.UTF8.GetString(buffer, 0, length + end);
            length += count;
        }

        throw new AssertionException($"the stream ended before the NUL, after: {Encoding.UTF8.GetString(buffer, 0, length)}");
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        var begun = new MemoryStream();
        try
        {
            while (await _socket.ReceiveAsync(buffer) is > 0 and var count)
            {
                var rest = buffer.AsMemory(0, count);
                for (var end = rest.Span.IndexOf((byte)0); end >= 0; end = rest.Span.IndexOf((byte)0))
                {
                    begun.Write(rest.Span[..end]);
                    Take(begun.ToArray());
                    begun.SetLength(0);
                    rest = rest[(end + 1)..];
                }

                begun.Write(rest.Span);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // A reset is an end like any other to a movie.
        }

        Inbox.End();
        OnClose?.Invoke();
    }

    private void Take(byte[] data)
    {
        OnData?.Invoke(Encoding.UTF8.GetString(data));
        if (data is [(byte)'{', ..])
            Inbox.Add(data);
    }
}
