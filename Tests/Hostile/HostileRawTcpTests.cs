using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Hostile;

/// <summary>One bad client at the raw port.</summary>
public sealed class HostileRawTcpTests : DisturbingNobody
{
    [Test]
    public async Task Half_a_line_and_then_silence_disturbs_nobody()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendBytesAsync("""{"type":"say","te"""u8.ToArray());
        mallory.Lines.Should().BeEmpty();
    }

    [Test]
    public async Task A_line_without_end_is_dropped_as_it_comes_and_answered_once()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        var much = Encoding.UTF8.GetBytes(new string('x', 1 << 20));
        for (var i = 0; i < 16; i++)
            await mallory.SendBytesAsync(much);
        await mallory.SendAsync("");
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.TooBig);
        await mallory.AskAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        mallory.Inbox.All.OfType<ErrorFrame>().Should().HaveCount(1);
    }

    [Test]
    public async Task Bytes_that_are_no_UTF8_get_an_error()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        await mallory.SendBytesAsync(new byte[] { (byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}', (byte)'\n' });
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().BeOneOf(ErrorCode.BadJson, ErrorCode.BadFrame);
        await mallory.SendBytesAsync(new byte[] { 0xFF, 0xFE, (byte)'\n' });
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().BeOneOf(ErrorCode.BadJson, ErrorCode.BadFrame);
    }

    [Test]
    public async Task A_flood_of_bad_lines_ends_with_4506_as_the_last_line()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"type\":\"nonsense\"}\n", 500)));
        await mallory.SendBytesAsync(lines);
        await mallory.Ended.OrFail("the orderly end");
        mallory.Inbox.All.Last().Should().BeOfType<ByeFrame>().Which.Code.Should().Be(4506);
    }

    [Test]
    public async Task A_flood_of_messages_is_slowed_by_errors_that_say_how_long_to_wait()
    {
        await using var mallory = await LineClient.ConnectAsync(Server.RawPort);
        await mallory.SendAsync("""{"type":"hello","name":"mallory"}""");
        await mallory.AskAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 60; i++)
            await mallory.SendAsync(Say($"spam {i}", id: $"{i}"));
        var error = await mallory.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.RateLimited);
        error.Error.RetryAfterMs.Should().BeInRange(1, 1000);
        // Its leaving is answered once all that it said is.
        await mallory.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Id = FrameId.From(1) });
        mallory.Inbox.All.OfType<AckFrame>().Count(ack => ack.Seq is not null).Should().BeInRange(20, 40, "20 at once, and 5 a second");
    }

    [Test]
    public async Task A_terminal_is_sent_no_control_characters_of_others()
    {
        await using var reader = await LineClient.ConnectAsync(Server.RawPort);
        await reader.SendAsync("/join lobby");
        await reader.ExpectLineAsync("lobby");
        await Ann.SayAsync("\u001b[2J\u001b]0;owned\u0007 \u202Eoverride\r\n[00:00:00] #lobby <bob> forged");
        await reader.ExpectLineAsync("owned");
        reader.Lines.Should().NotContain(line => line.Contains('\u001b') || line.Contains('\u0007') || line.Contains('\u202E') || line.Contains('\r'));
        reader.Lines.Should().NotContain(line => line.StartsWith("[00:00:00] #lobby <bob>", StringComparison.Ordinal));
    }

    [Test]
    public async Task Flashs_question_for_a_policy_is_answered_and_the_stream_ends()
    {
        await using var flash = await LineClient.ConnectAsync(Server.RawPort, delimiter: '\0');
        await flash.SendAsync("<policy-file-request/>");
        await flash.Ended.OrFail("the end of the stream");
        flash.Lines.Should().ContainSingle().Which.Should().Contain("<cross-domain-policy>").And.Contain($"to-ports=\"{Server.RawPort}\"");
    }

    [Test]
    public async Task A_client_that_ends_its_frames_with_NUL_gets_them_so()
    {
        await using var flash = await LineClient.ConnectAsync(Server.RawPort, delimiter: '\0');
        await flash.SendAsync("""{"type":"hello","name":"flash"}""");
        (await flash.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("flash");
        await flash.AskAsync<JoinedFrame>(Join("lobby"));
        await Ann.SayAsync("to all");
        (await flash.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("to all");
    }
}
