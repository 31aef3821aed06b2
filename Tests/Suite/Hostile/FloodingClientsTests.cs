using System.Text;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Rfc7692;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Hostile;

/// <summary>Clients that send as fast as they can, while two other clients chat.</summary>
public sealed class FloodingClientsTests : HostileFixture
{
    private const int Flooders = 64;
    private const int Exchanges = 15;

    [Test]
    public Task Others_chat_while_64_WebSockets_flood_pings() => FloodAsync([0x89, 0x81, 0, 0, 0, 0, 7]);

    [Test]
    public Task Others_chat_while_64_WebSockets_flood_requests() =>
        FloodAsync(Wire.To(WebSocketRole.Server, Opcode.Text, Encoding.UTF8.GetBytes("""{"type":"ping"}""")));

    [Test]
    public Task Others_chat_while_64_WebSockets_flood_compressed_messages()
    {
        // The frame has about 80 bytes and inflates to 60 KiB. The server accepts messages of at most 64 KiB.
        var bomb = Wire.Compressed(WebSocketRole.Server, Wire.Join(DeflateTestData.Deflate(new byte[60 * 1024]), [0]));
        return FloodAsync(bomb, new DeflateOffer());
    }

    [Test]
    public async Task Server_closes_with_4506_if_a_client_continues_after_many_rejected_frames()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        using var stop = new CancellationTokenSource();
        var flood = SendUntilStoppedAsync(mallory, Repeat(Wire.To(WebSocketRole.Server, Opcode.Text, Encoding.UTF8.GetBytes("""{"type":"ping"}"""))), stop.Token);
        (await mallory.Closed.OrFail("the close")).Code.Should().Be(4506);
        await stop.CancelAsync();
        await flood;
    }

    private async Task FloodAsync(byte[] frame, params DeflateOffer[] deflate)
    {
        var chunk = Repeat(frame);
        using var stop = new CancellationTokenSource();
        var mallory = new List<ChatClient>();
        for (var i = 0; i < Flooders; i++)
            mallory.Add(await ChatClient.ConnectAsync(Server.HttpPort, frames: false, deflate: deflate));
        var floods = mallory.ConvertAll(client => Task.Run(() => SendUntilStoppedAsync(client, chunk, stop.Token)));
        for (var i = 0; i < Exchanges; i++)
            await ExchangeMessagesAsync($"message {i}");
        await stop.CancelAsync();
        foreach (var client in mallory)
            client.Abort();
        await Task.WhenAll(floods).OrFail("the end of the floods");
    }

    private static byte[] Repeat(byte[] frame) => [.. Enumerable.Repeat(frame, 200).SelectMany(bytes => bytes)];

    private static async Task SendUntilStoppedAsync(ChatClient client, byte[] chunk, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
                await client.SendBytesAsync(chunk);
        }
        catch (Exception fault) when (fault is System.Net.Sockets.SocketException or IOException or ObjectDisposedException)
        {
            // The server or the test has closed the connection.
        }
    }
}
