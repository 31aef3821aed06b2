using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Hostile;

/// <summary>One client sends invalid data or too much data to the raw TCP port.</summary>
public sealed class HostileRawTcpTests : HostileFixture
{
    [Test]
    public async Task Client_that_stops_in_the_middle_of_a_line_disturbs_no_other_client()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendBytesAsync("""{"type":"say","te"""u8.ToArray());
        mallory.Lines.Should().BeEmpty();
    }

    [Test]
    public async Task Server_drops_an_endless_line_and_sends_one_error()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        var much = Encoding.UTF8.GetBytes(new string('x', 1 << 20));
        for (var i = 0; i < 16; i++)
            await mallory.SendBytesAsync(much);
        await mallory.SendAsync("");
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.TooBig);
        await mallory.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        mallory.Inbox.All.OfType<ErrorFrame>().Should().HaveCount(1);
    }

    [Test]
    public async Task Server_answers_invalid_UTF8_with_an_error()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        await mallory.SendBytesAsync(new byte[] { (byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}', (byte)'\n' });
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().BeOneOf(ErrorCode.BadJson, ErrorCode.BadFrame);
        await mallory.SendBytesAsync(new byte[] { 0xFF, 0xFE, (byte)'\n' });
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().BeOneOf(ErrorCode.BadJson, ErrorCode.BadFrame);
    }

    [Test]
    public async Task Server_closes_with_4506_after_a_flood_of_bad_lines()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"type\":\"nonsense\"}\n", 500)));
        await mallory.SendBytesAsync(lines);
        await mallory.Ended.OrFail("the end of the stream");
        mallory.Inbox.All.Last().Should().BeOfType<ByeFrame>().Which.Code.Should().Be(4506);
    }

    [Test]
    public async Task Server_limits_a_flood_of_messages_with_errors_that_say_when_to_retry()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        await mallory.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 60; i++)
            await mallory.SendAsync(Say($"spam {i}", id: $"{i}"));
        var error = await mallory.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.RateLimited);
        error.Error.RetryAfterMs.Should().BeInRange(1, 1000);
        // The server answers the leave request after it has answered all earlier messages.
        await mallory.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Id = FrameId.From(1) });
        mallory.Inbox.All.OfType<AckFrame>().Count(ack => ack.Seq is not null).Should().BeInRange(20, 40, "the burst is 20 and the rate 5 per second");
    }

    [Test]
    public async Task Text_of_a_user_cannot_forge_a_line_of_another_user_on_a_terminal()
    {
        await using var reader = await LineClient.ConnectAsync(Server.RawPort);
        await reader.SendAsync("/join lobby");
        await reader.ExpectLineAsync("lobby");
        await Ann.SayAsync("owned \u202Eoverride\n[00:00:00] #lobby <bob> forged");
        await reader.ExpectLineAsync("owned");
        reader.Lines.Should().NotContain(line => line.Contains('\u202E'));
        reader.Lines.Should().NotContain(line => line.StartsWith("[00:00:00] #lobby <bob>", StringComparison.Ordinal));
    }

    [Test]
    public async Task Server_answers_a_Flash_policy_request_and_ends_the_stream()
    {
        await using var flash = await LineClient.ConnectAsync(Server.RawPort, delimiter: '\0');
        await flash.SendAsync("<policy-file-request/>");
        await flash.Ended.OrFail("the end of the stream");
        flash.Lines.Should().ContainSingle().Which.Should().Contain("<cross-domain-policy>").And.Contain($"to-ports=\"{Server.RawPort}\"");
    }

    [Test]
    public async Task Server_ends_frames_with_NUL_if_the_client_ends_lines_with_NUL()
    {
        await using var flash = await LineClient.ConnectAsync(Server.RawPort, delimiter: '\0');
        await flash.SendAsync("""{"type":"hello","name":"flash"}""");
        (await flash.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("flash");
        await flash.RequestAsync<JoinedFrame>(Join("lobby"));
        await Ann.SayAsync("to all");
        (await flash.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("to all");
    }
}
