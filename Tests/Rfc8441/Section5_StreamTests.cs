using System.Net;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>5 and 5.1: a WebSocket is one stream, and what becomes of it is nothing to the others on its connection.</summary>
public sealed class Section5_StreamTests : Http2Fixture
{
    private ChatClient _neighbour = null!;

    [SetUp]
    public async Task ANeighbour() => _neighbour = await JoinAsync("neighbour");

    [TearDown]
    public async Task IsUndisturbed()
    {
        await _neighbour.SayAsync("as if nothing had been");
        using var page = await Line.SendAsync(HttpMethod.Get, "/");
        page.StatusCode.Should().Be(HttpStatusCode.OK);
        Line.Connections.Should().Be(1, "all of it went over one connection");
        _neighbour.Closed.IsCompleted.Should().BeFalse();
        await _neighbour.CloseAsync();
        await _neighbour.Closed.OrFail("the close");
        await _neighbour.StreamEnded.OrFail("the end of the stream");
        await _neighbour.DisposeAsync();
    }

    [Test]
    public async Task A_close_by_the_peer_is_answered_and_then_the_stream_ends()
    {
        await using var client = await JoinAsync("closes");
        await client.CloseAsync(CloseCode.GoingAway);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.GoingAway);
        await client.StreamEnded.OrFail("the end of the stream");
        client.Fault.Should().BeNull("END_STREAM is an orderly end, and a reset is none");
        await GoneAsync("closes");
    }

    [Test]
    public async Task A_close_by_the_server_waits_for_the_peers()
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
    public async Task A_peer_that_does_not_answer_the_close_is_reset_with_CANCEL()
    {
        await using var client = await JoinAsync("sulks");
        await client.SendAsync(Opcode.Binary, [1, 2, 3]);
        (await client.Closed.OrFail("the close")).Code.Should().Be(1003);
        await client.StreamEnded.OrFail("the reset");
        client.Fault.Should().BeOfType<HttpProtocolException>().Which.ErrorCode.Should().Be(8);
    }

    [Test]
    public async Task A_reset_by_the_peer_ends_its_WebSocket()
    {
        var client = await JoinAsync("reset");
        await _neighbour.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "reset" });
        client.Cut();
        await _neighbour.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "reset" });
        await GoneAsync("reset");
    }

    [Test]
    public async Task A_message_that_is_too_big_is_closed_with_1009()
    {
        await using var client = await JoinAsync("big");
        // Sent whole, and more than the stream's window holds: the server has to read on for the close to get through.
        var sending = client.SendAsync(Opcode.Text, new byte[1_000_000]);
        (await client.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);
        await sending.OrFail("the sending");
        await client.CloseAsync(CloseCode.TooBig);
        await client.StreamEnded.OrFail("the end of the stream");
    }

    [Test]
    public async Task Much_more_goes_through_than_a_window_holds()
    {
        await using var client = await JoinAsync("talks");
        var text = new string('x', 7_900);
        for (var i = 0; i < 15; i++)
            await client.AskAsync<AckFrame>(Say($"{i}{text}", id: $"{i}"));
        for (var i = 0; i < 15; i++)
            (await _neighbour.Inbox.ExpectAsync<MessageFrame>(message => message.Text.Length > 5_000)).Text.Should().StartWith($"{i}x");
    }

    [Test]
    public async Task A_ping_is_answered()
    {
        await using var client = await JoinAsync("pings");
        await client.SendAsync(Opcode.Ping, [1]);
        await Patience.UntilAsync(() => client.Pongs == 1, "the pong");
    }

    [Test]
    public async Task A_server_that_goes_down_tells_everybody()
    {
        await using var server = await ServerUnderTest.StartWithTlsAsync();
        using var line = new Http2Line(server);
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

        await stopping.OrFail("the server's end");
        line.Connections.Should().Be(1);
    }

    private Task GoneAsync(string name) =>
        Patience.UntilAsync(() => !Server.HasConnectionOf(name), $"the end of {name}");
}
