using System.Net;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>RFC 8441, sections 5 and 5.1: a WebSocket is one stream, and does not affect the other streams of its connection.</summary>
[Category(Categories.Slow)] // waits for timeouts
[Parallelizable(ParallelScope.Self)]
public sealed class Section5_StreamTests : Http2Fixture
{
    private ChatClient _neighbour = null!;

    [SetUp]
    public async Task JoinNeighbour() => _neighbour = await JoinAsync("neighbour");

    [TearDown]
    public async Task ExpectNeighbourUndisturbed()
    {
        await _neighbour.SayAsync("still undisturbed");
        using var page = await Connection.SendAsync(HttpMethod.Get, "/");
        page.StatusCode.Should().Be(HttpStatusCode.OK);
        Connection.Connections.Should().Be(1, "all streams used one connection");
        _neighbour.Closed.IsCompleted.Should().BeFalse();
        await _neighbour.CloseAsync();
        await _neighbour.Closed.OrFail("the close");
        await _neighbour.StreamEnded.OrFail("the end of the stream");
        await _neighbour.DisposeAsync();
    }

    [Test]
    public async Task Server_answers_the_clients_close_and_ends_the_stream()
    {
        await using var client = await JoinAsync("closes");
        await client.CloseAsync(CloseCode.GoingAway);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.GoingAway);
        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull("END_STREAM is an orderly end, and a reset is not");
        await WaitUntilGoneAsync("closes");
    }

    [Test]
    public async Task Server_that_has_sent_a_close_waits_for_the_clients_close()
    {
        await using var client = await JoinAsync("binary");
        await client.SendAsync(Opcode.Binary, [1, 2, 3]);
        await client.Inbox.ExpectAsync<ByeFrame>();
        (await client.Closed.OrFail("the close")).Code.Should().Be(1003);
        await client.CloseAsync(1003);
        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull();
    }

    [Test]
    public async Task Server_resets_the_stream_with_CANCEL_if_the_client_does_not_answer_the_close()
    {
        await using var client = await JoinAsync("silent");
        await client.SendAsync(Opcode.Binary, [1, 2, 3]);
        (await client.Closed.OrFail("the close")).Code.Should().Be(1003);
        await client.StreamEnded.OrFail("the reset");
        client.Fault.Should().BeOfType<HttpProtocolException>().Which.ErrorCode.Should().Be(8);
    }

    [Test]
    public async Task WebSocket_ends_after_a_reset_by_the_client()
    {
        var client = await JoinAsync("reset");
        await _neighbour.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "reset" });
        client.Abort();
        await _neighbour.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "reset" });
        await WaitUntilGoneAsync("reset");
    }

    [Test]
    public async Task Server_closes_with_1009_after_a_message_that_is_too_big()
    {
        await using var client = await JoinAsync("big");
        // The message is bigger than the stream's flow-control window. So the client can receive the close only if the server continues to
        // read.
        var sending = client.SendAsync(Opcode.Text, new byte[1_000_000]);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);
        await sending.OrFail("the sending");
        await client.CloseAsync(CloseCode.TooBig);
        await client.StreamEnded.OrFail("the end of the stream");
    }

    [Test]
    public async Task Stream_carries_more_bytes_than_a_flow_control_window()
    {
        await using var client = await JoinAsync("talks");
        var text = new string('x', 7_900);
        for (var i = 0; i < 15; i++)
            await client.RequestAsync<AckFrame>(Say($"{i}{text}", id: $"{i}"));
        for (var i = 0; i < 15; i++)
            (await _neighbour.Inbox.ExpectAsync<MessageFrame>(message => message.Text.Length > 5_000)).Text.Should().StartWith($"{i}x");
    }

    [Test]
    public async Task Server_answers_a_ping()
    {
        await using var client = await JoinAsync("pings");
        await client.SendAsync(Opcode.Ping, [1]);
        await TestWait.UntilAsync(() => client.Pongs == 1, "the pong");
    }

    [Test]
    public async Task Server_sends_a_close_message_to_every_stream_when_it_stops()
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync();
        using var line = new Http2Client(server);
        await using var ann = await line.ConnectAsync("/ws?name=ann&room=lobby");
        await ann.Inbox.ExpectAsync<JoinedFrame>();
        await using var bob = await line.ConnectAsync("/ws?name=bob&room=lobby");
        await ann.Inbox.ExpectAsync<PresenceFrame>();
        var stopping = server.StopAsync();
        foreach (var client in (ChatClient[])[ann, bob])
        {
            (await client.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4001 && bye.Reconnect);
            (await client.Closed.OrFail("the close")).Code.Should().Be(4001);
            await client.CloseAsync(4001);
            await client.StreamEnded.OrFail("the end of the stream");
        }

        await stopping.OrFail("the stop of the server");
        line.Connections.Should().Be(1);
    }

    private Task WaitUntilGoneAsync(string name) =>
        TestWait.UntilAsync(() => !Server.HasConnection(name), $"the end of {name}");
}
