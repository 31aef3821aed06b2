using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.PeersTool;

/// <summary>A server that opens one WebSocket and then says what a real one once said.</summary>
internal sealed class RecordedPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<byte> _heard = [];
    private Socket? _client;

    private RecordedPeer(string greeting)
    {
        _listener.Start();
        Opening = OpenAsync(Encoding.Latin1.GetBytes(greeting));
    }

    public EndPoint EndPoint => _listener.LocalEndpoint;

    /// <summary>Until the greeting has gone.</summary>
    public Task Opening { get; }

    /// <summary>What the client sent after its handshake, byte for character. Its masking key is zero.</summary>
    public string Heard
    {
        get
        {
            lock (_heard)
                return Encoding.Latin1.GetString([.. _heard]);
        }
    }

    /// <param name="greeting">Bytes after the 101, a character each.</param>
    public static RecordedPeer Start(string greeting) => new(greeting);

    /// <param name="recorded">Bytes, a character each.</param>
    /// <param name="pieces">Bytes of each write.</param>
    public async Task SayAsync(string recorded, int pieces = int.MaxValue)
    {
        await Opening.OrFail("the handshake");
        foreach (var piece in Encoding.Latin1.GetBytes(recorded).Chunk(Math.Min(pieces, recorded.Length)))
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
        Hear(Encoding.Latin1.GetBytes(request[end..]));
        var key = request.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal))["Sec-WebSocket-Key: ".Length..];
        var response = $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {Handshake.AcceptFor(key)}\r\n\r\n";
        await _client.SendAsync((byte[])[.. Encoding.Latin1.GetBytes(response), .. greeting]);
        _ = HearAsync(_client, buffer);
    }

    private async Task HearAsync(Socket client, byte[] buffer)
    {
        try
        {
            while (await client.ReceiveAsync(buffer) is > 0 and var received)
                Hear(buffer.AsSpan(0, received));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_heard)
            _heard.AddRange(bytes);
    }
}
