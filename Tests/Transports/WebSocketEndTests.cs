using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The end of the stream under a WebSocket, after the last close frame (RFC 6455, 7.1.1): in order, for whoever still reads.</summary>
public sealed class WebSocketEndTests
{
    // Longer than any test waits.
    private const string Long = "60";

    [TestCase("sockets", "true")]
    [TestCase("sockets", "false")]
    [TestCase("kestrel", "true")]
    [TestCase("kestrel", "false")]
    public async Task After_a_fault_the_server_ends_the_stream_and_waits_for_no_close_that_it_would_not_read(string transport, string takeover)
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Transport:Kind", transport, "--Transport:Takeover", takeover, "--Connections:LingerSeconds", Long);
        var (client, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = client;
        await client.SendAsync(Opcode.Text, [0xFF]);
        await client.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == CloseCode.InvalidPayload);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.InvalidPayload);
        await client.CloseAsync(CloseCode.InvalidPayload);

        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull("a reset may take from the peer what it has not read so far");
    }

    [Test]
    public async Task Who_does_not_answer_a_close_meets_the_end_of_the_stream_and_no_reset()
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
