using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// After the last close frame of a WebSocket, the server ends the TCP stream without a reset (RFC 6455, section 7.1.1). Then the client
/// can read everything.
/// </summary>
[Category(Categories.Slow)] // waits for timeouts
public sealed class WebSocketEndTests
{
    // The linger timeout is longer than any wait of a test, so it cannot end the stream in a test.
    private const string LongSeconds = "60";

    [TestCase("sockets", "true")]
    [TestCase("sockets", "false")]
    [TestCase("kestrel", "true")]
    [TestCase("kestrel", "false")]
    public async Task Server_ends_the_stream_after_a_protocol_error_without_waiting_for_a_close(string transport, string takeover)
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Transport:Kind", transport, "--Transport:Takeover", takeover, "--Connections:LingerSeconds", LongSeconds);
        var (client, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = client;
        await client.SendAsync(Opcode.Text, [0xFF]);
        await client.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == CloseCode.InvalidPayload);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.InvalidPayload);
        await client.CloseAsync(CloseCode.InvalidPayload);

        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull("a reset may destroy bytes that the peer has not read yet");
    }

    [Test]
    public async Task Client_that_does_not_answer_the_close_receives_the_end_of_the_stream_and_no_reset()
    {
        await using var server = await ServerUnderTest.StartAsync("--Connections:LingerSeconds", "1");
        var (client, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = client;
        await client.SendAsync(Opcode.Binary, [1, 2, 3]);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.UnsupportedData);

        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull();
    }
}
