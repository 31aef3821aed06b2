using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Support;

/// <summary>Thrown if the policy file does not allow the host of the movie.</summary>
public sealed class SecurityErrorException(string policy) : Exception($"the policy does not allow the connection: {policy}");

/// <summary>
/// Flash's XMLSocket, as its documentation describes it. On a first connection to the same port, it sends the policy request with a NUL,
/// reads the policy up to the NUL, and closes. Then it opens the data connection, on which each string ends with a NUL, in both directions.
/// </summary>
public sealed class XmlSocketClient : IChatPeer
{
    private readonly Socket _socket = CreateSocket();
    private Task _reading = Task.CompletedTask;

    private XmlSocketClient()
    {
    }

    /// <summary>Raised when the data connection is open.</summary>
    public event Action? OnConnect;

    /// <summary>Raised for each received string. The string is not parsed as XML.</summary>
    public event Action<string>? OnData;

    /// <summary>Raised when the server ends the connection. Not raised after <see cref="CloseAsync"/>.</summary>
    public event Action? OnClose;

    public FrameInbox Inbox { get; } = new();

    /// <summary>Connects like a movie that was loaded from <paramref name="host"/>.</summary>
    /// <exception cref="SecurityErrorException">The policy file does not allow the host.</exception>
    public static async Task<XmlSocketClient> ConnectAsync(int port, string host = "localhost", bool read = true, Action<XmlSocketClient>? listen = null)
    {
        var policy = await RequestPolicyAsync(port);
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

    /// <summary>Requests the policy file, and returns it without the NUL. Fails if the stream ends before the NUL.</summary>
    public static async Task<string> RequestPolicyAsync(int port)
    {
        using var socket = CreateSocket();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await SendAllAsync(socket, "<policy-file-request/>\0"u8.ToArray());
        return await ReadToNulAsync(socket).OrFail("the policy file");
    }

    public void Read() => _reading = ReadAsync();

    public Task SendAsync(string text) => SendAllAsync(_socket, Encoding.UTF8.GetBytes(text + '\0'));

    public Task SendAsync(ClientFrame frame) => SendAsync(Encoding.UTF8.GetString(ChatCodec.Encode(frame)));

    /// <summary>Closes the connection, like XMLSocket.close.</summary>
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
        && root.Elements("allow-access-from").Any(access => MatchesDomain((string?)access.Attribute("domain"), host) && IncludesPort((string?)access.Attribute("to-ports"), port));

    private static bool MatchesDomain(string? domain, string host) =>
        domain is "*" || string.Equals(domain, host, StringComparison.OrdinalIgnoreCase)
        || (domain is ['*', .. var parent] && host.EndsWith(parent, StringComparison.OrdinalIgnoreCase));

    private static bool IncludesPort(string? ports, int port) =>
        ports is not null && ports.Split(',').Any(open => open == "*" || int.Parse(open, CultureInfo.InvariantCulture) == port);

    private static Socket CreateSocket() => new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

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
                    Receive(begun.ToArray());
                    begun.SetLength(0);
                    rest = rest[(end + 1)..];
                }

                begun.Write(rest.Span);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // XMLSocket reports a reset as a normal end.
        }

        Inbox.End();
        OnClose?.Invoke();
    }

    private void Receive(byte[] data)
    {
        OnData?.Invoke(Encoding.UTF8.GetString(data));
        if (data is [(byte)'{', ..])
            Inbox.Add(data);
    }
}
