using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.PeersTool;

/// <summary>A server that accepts one WebSocket and replays the recorded output of a real server.</summary>
internal sealed class RecordedPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<byte> _received = [];
    private Socket? _client;

    private RecordedPeer(string greeting)
    {
        _listener.Start();
        Opening = OpenAsync(Encoding.Latin1.GetBytes(greeting));
    }

    public EndPoint EndPoint => _listener.LocalEndpoint;

    /// <summary>Completes when the greeting is sent.</summary>
    public Task Opening { get; }

    /// <summary>
    /// The bytes that the client sent after its handshake, one character per byte. The client's masking key is zero, so the
    /// bytes are not masked.
    /// </summary>
    public string Received
    {
        get
        {
            lock (_received)
                return Encoding.Latin1.GetString([.. _received]);
        }
    }

    /// <param name="greeting">The bytes after the 101 response, one character per byte.</param>
    public static RecordedPeer Start(string greeting) => new(greeting);

    /// <param name="recorded">The bytes to send, one character per byte.</param>
    /// <param name="pieceBytes">The size of each write, in bytes.</param>
    public async Task SendAsync(string recorded, int pieceBytes = int.MaxValue)
    {
        await Opening.OrFail("the handshake");
        foreach (var piece in Encoding.Latin1.GetBytes(recorded).Chunk(Math.Min(pieceBytes, recorded.Length)))
            await _client!.SendAsync(piece);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _client?.Dispose();
    }

    private async Task OpenAsync(byte[] greeting)
    {
        _client = await _listener.AcceptSocketAsync();
        _client.NoDelay = true;
        var request = "";
        var buffer = new byte[4096];
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal))
            request += Encoding.Latin1.GetString(buffer, 0, await _client.ReceiveAsync(buffer));
        var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        AddReceived(Encoding.Latin1.GetBytes(request[end..]));
        var key = request.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal))["Sec-WebSocket-Key: ".Length..];
        var response = $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {HandshakeKey.ComputeAccept(key)}\r\n\r\n";
        await _client.SendAsync((byte[])[.. Encoding.Latin1.GetBytes(response), .. greeting]);
        _ = ReceiveAsync(_client, buffer);
    }

    private async Task ReceiveAsync(Socket client, byte[] buffer)
    {
        try
        {
            while (await client.ReceiveAsync(buffer) is > 0 and var received)
                AddReceived(buffer.AsSpan(0, received));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private void AddReceived(ReadOnlySpan<byte> bytes)
    {
        lock (_received)
            _received.AddRange(bytes);
    }
}
