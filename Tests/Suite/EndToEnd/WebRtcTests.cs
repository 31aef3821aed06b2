using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// With WebRTC, every web page can open a TCP connection to any port and send a STUN message, which contains texts that the page chooses. Such a page
/// must not say anything in the chat.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class WebRtcTests
{
    // The script uses the port as a TURN server. The page chooses the user name for this server.
    private const string Turn = """
        async (port) => {
          const peer = window.peer = new RTCPeerConnection({ iceServers: [{ urls: `turn:127.0.0.1:${port}?transport=tcp`, username: 'smuggled', credential: 'x' }] });
          peer.createDataChannel('x');
          await peer.setLocalDescription(await peer.createOffer());
        }
        """;

    // The script uses the port as the address of another browser (an ICE-TCP candidate). The page chooses the user name fragment of that browser.
    private const string Candidate = """
        async (port) => {
          const [one, other] = window.peers = [new RTCPeerConnection(), new RTCPeerConnection()];
          one.createDataChannel('x');
          await one.setLocalDescription(await one.createOffer());
          await other.setRemoteDescription(one.localDescription);
          const { sdp } = await other.createAnswer();
          await one.setRemoteDescription({ type: 'answer', sdp: sdp.replace(/a=ice-ufrag:.*/, 'a=ice-ufrag:smuggledsmuggled') });
          await one.addIceCandidate({ candidate: `candidate:1 1 tcp 2105524479 127.0.0.1 ${port} typ host tcptype passive`, sdpMid: '0', sdpMLineIndex: 0 });
        }
        """;

    [TestCase(Turn, TestName = "{m}(TURN)")]
    [TestCase(Candidate, TestName = "{m}(ICE candidate)")]
    public async Task Page_that_connects_to_the_raw_TCP_port_posts_nothing(string script)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var relay = new CuttableRelay(server.RawPort);
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        var tab = await Chromium.NewPageAsync();
        await tab.GotoAsync($"http://127.0.0.1:{server.HttpPort}/site.json");
        await tab.EvaluateAsync(script, relay.Port);
        await TestWait.UntilAsync(() => relay.Accepted > 0 && relay.OpenCount == 0, "the server to close the connection of the page");
        await bob.SayAsync("the end");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Text).Should().Equal("the end");
        await tab.Context.CloseAsync();
    }
}
