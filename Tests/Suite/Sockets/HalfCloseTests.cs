using System.Net;
using System.Net.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>Tests a guarantee of this project's socket transport. Kestrel's own transport does not give this guarantee.</summary>
public sealed class HalfCloseTests
{
    [Test]
    public async Task Client_that_shuts_down_its_sending_side_in_the_middle_of_a_request_gets_no_reset()
    {
        await using var app = await HttpApp.StartAsync(useOwnTransport: true);
        for (var i = 0; i < 200; i++)
        {
            using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await peer.ConnectAsync(IPAddress.Loopback, app.Port);
            await peer.SendAsync("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"u8.ToArray());
            peer.Shutdown(SocketShutdown.Send);
            var buffer = new byte[2_000];
            while (await peer.ReceiveAsync(buffer).OrFail("the end") > 0)
            {
            }
        }
    }
}
