using System.Buffers.Binary;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Rfc7692;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Hostile;

/// <summary>One WebSocket client sends invalid frames, too much data, or a forbidden name or origin.</summary>
public sealed class HostileWebSocketTests : HostileFixture
{
    [Test]
    public async Task Server_waits_for_the_rest_of_an_incomplete_frame()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        await mallory.SendBytesAsync(new byte[] { 0x81, 0xFE, 0xFF, 0xFF, 1, 2, 3, 4, 5 });
        mallory.Closed.IsCompleted.Should().BeFalse("the server closes the connection only after --Connections:FrameSeconds");
    }

    [Test]
    public async Task Server_closes_with_1002_after_an_unmasked_frame()
    {
        await ExpectCloseAsync([0x81, 0x02, (byte)'h', (byte)'i'], CloseCode.ProtocolError);
    }

    [TestCase(0xC1, TestName = "{m}(RSV1)")]
    [TestCase(0xA1, TestName = "{m}(RSV2)")]
    [TestCase(0x91, TestName = "{m}(RSV3)")]
    [TestCase(0x83, TestName = "{m}(opcode 3)")]
    [TestCase(0x8B, TestName = "{m}(opcode B)")]
    [TestCase(0x80, TestName = "{m}(continuation without a start)")]
    [TestCase(0x09, TestName = "{m}(fragmented ping)")]
    public async Task Server_closes_with_1002_after_an_invalid_first_byte(int first)
    {
        await ExpectCloseAsync([(byte)first, 0x80, 0, 0, 0, 0], CloseCode.ProtocolError);
    }

    [Test]
    public async Task Server_closes_with_1007_at_the_first_invalid_byte_of_an_incomplete_frame()
    {
        // The header declares 200 bytes. The first two bytes are invalid UTF-8, and the other bytes are not sent.
        await ExpectCloseAsync([0x81, 0xFE, 0, 200, 0, 0, 0, 0, 0xC3, 0x28], CloseCode.InvalidPayload);
    }

    [Test]
    public async Task Server_closes_with_1009_after_a_header_that_declares_one_gibibyte()
    {
        var header = new byte[14];
        header[0] = 0x81;
        header[1] = 0xFF;
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(2), 1L << 30);
        await ExpectCloseAsync(header, CloseCode.TooBig);
    }

    [Test]
    public async Task Server_closes_the_connection_after_a_frame_length_with_the_highest_bit_set()
    {
        await ExpectCloseAsync([0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], CloseCode.ProtocolError, CloseCode.TooBig);
    }

    [Test]
    public async Task Server_closes_the_connection_after_too_many_empty_fragments()
    {
        var empty = new byte[] { 0x00, 0x80, 0, 0, 0, 0 };
        byte[] bomb = [0x01, 0x80, 0, 0, 0, 0, .. Enumerable.Repeat(empty, 200_000).SelectMany(fragment => fragment)];
        await ExpectCloseAsync(bomb, CloseCode.TooBig, CloseCode.ProtocolError, CloseCode.PolicyViolation);
    }

    [Test]
    public async Task Server_closes_with_1009_when_fragments_add_up_to_more_than_the_limit()
    {
        var fragment = new byte[8 + 32_768];
        fragment[0] = 0x00;
        fragment[1] = 0xFE;
        BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(2), 32_768);
        fragment.AsSpan(8).Fill((byte)'a');
        await ExpectCloseAsync([0x01, 0x80, 0, 0, 0, 0, .. fragment, .. fragment, .. fragment], CloseCode.TooBig);
    }

    [Test]
    public async Task Server_closes_with_1009_after_a_decompression_bomb()
    {
        // Each block inflates from about 80 bytes to 64 KiB of zeros. The message has 800 blocks.
        var block = DeflateTestData.Deflate(new byte[64 * 1024]);
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort, deflate: [new DeflateOffer()]);
        await mallory.SendBytesAsync(Wire.Compressed(WebSocketRole.Server, Wire.Join([.. Enumerable.Repeat(Wire.Join(block, [0, 0, 0xFF, 0xFF]), 800)])));
        (await mallory.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);
    }

    [Test]
    public async Task Server_reads_a_message_of_empty_deflate_blocks_as_an_empty_message()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort, deflate: [new DeflateOffer()]);
        // These 13,000 blocks inflate to an empty message.
        await mallory.SendBytesAsync(Wire.Compressed(WebSocketRole.Server, [.. Enumerable.Repeat(new byte[] { 0x00, 0x00, 0x00, 0xFF, 0xFF }, 13_000).SelectMany(bytes => bytes), 0]));
        await mallory.Inbox.ExpectAsync<ErrorFrame>();
    }

    [Test]
    public async Task Server_closes_with_1003_after_a_binary_message()
    {
        await ExpectCloseAsync([0x82, 0x81, 0, 0, 0, 0, 7], CloseCode.UnsupportedData);
    }

    [Test]
    public async Task Server_still_answers_after_1_500_pings()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort, frames: false);
        var ping = new byte[] { 0x89, 0x81, 0, 0, 0, 0, 7 };
        byte[] thousand = [.. Enumerable.Repeat(ping, 1000).SelectMany(bytes => bytes)];
        await mallory.SendBytesAsync(thousand);
        await mallory.SendBytesAsync(thousand.AsMemory(0, thousand.Length / 2));
        await mallory.SendAsync("""{"type":"ping","id":"after"}""");
        await TestWait.UntilAsync(() => Has(mallory, "\"after\""), "the answer after the pings");
    }

    [Test]
    public async Task Unread_pongs_of_one_client_disturb_no_other_client()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort, read: false, receiveBuffer: 4096);
        byte[] thousand = [.. Enumerable.Repeat(new byte[] { 0x89, 0xFD }.Concat(new byte[4 + 125]).ToArray(), 1000).SelectMany(bytes => bytes)];
        var sending = SendManyAsync();
        await ExchangeMessagesAsync("meanwhile");
        mallory.Abort();
        await sending;

        async Task SendManyAsync()
        {
            try
            {
                for (var i = 0; i < 100; i++)
                    await mallory.SendBytesAsync(thousand);
            }
            catch (Exception fault) when (fault is System.Net.Sockets.SocketException or IOException or ObjectDisposedException)
            {
                // The test has aborted mallory's connection.
            }
        }
    }

    [Test]
    public async Task Server_answers_bad_frames_with_errors_and_then_closes_with_4506()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        for (var i = 0; i < 1000 && !mallory.Closed.IsCompleted; i++)
            await TrySendAsync(mallory, i % 2 == 0 ? """{"type":"nonsense"}""" : "{not json");
        (await mallory.Closed.OrFail("the close")).Code.Should().Be(4506);
        var bye = mallory.Inbox.All.OfType<ByeFrame>().Should().ContainSingle().Subject;
        bye.Reconnect.Should().BeFalse();
        mallory.Inbox.All.Last().Should().Be(bye, "the bye is the last frame");
        mallory.Inbox.All.OfType<ErrorFrame>().Should().HaveCountGreaterThan(100, "the server first answers many frames with an error");
    }

    [Test]
    public async Task Server_answers_deeply_nested_JSON_with_an_error()
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        await mallory.SendAsync("{\"type\":\"say\",\"x\":" + new string('[', 30_000) + new string(']', 30_000) + "}");
        (await mallory.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.BadJson);
        mallory.Closed.IsCompleted.Should().BeFalse();
    }

    [TestCase("a\u0007b", ExpectedResult = ErrorCode.BadName, TestName = "{m}(control)")]
    [TestCase("a\u200bb", ExpectedResult = ErrorCode.BadName, TestName = "{m}(zero width space)")]
    [TestCase("a\u200db", ExpectedResult = ErrorCode.BadName, TestName = "{m}(zero width joiner)")]
    [TestCase("\u202Enna", ExpectedResult = ErrorCode.BadName, TestName = "{m}(right-to-left override)")]
    [TestCase("a\u2066b", ExpectedResult = ErrorCode.BadName, TestName = "{m}(isolate)")]
    [TestCase("a\u00ADb", ExpectedResult = ErrorCode.BadName, TestName = "{m}(soft hyphen)")]
    [TestCase("\uFEFFann", ExpectedResult = ErrorCode.BadName, TestName = "{m}(byte order mark)")]
    [TestCase("a b", ExpectedResult = ErrorCode.BadName, TestName = "{m}(space)")]
    [TestCase("a\nb", ExpectedResult = ErrorCode.BadName, TestName = "{m}(new line)")]
    [TestCase("<script>", ExpectedResult = ErrorCode.BadName, TestName = "{m}(markup)")]
    [TestCase("\u0301a", ExpectedResult = ErrorCode.BadName, TestName = "{m}(mark first)")]
    [TestCase("admin", ExpectedResult = ErrorCode.BadName, TestName = "{m}(reserved name)")]
    [TestCase("ＡＮＮ", ExpectedResult = ErrorCode.NameTaken, TestName = "{m}(wide letters of a taken name)")]
    [TestCase("ANN", ExpectedResult = ErrorCode.NameTaken, TestName = "{m}(other case of a taken name)")]
    public async Task<string> Server_rejects_deceptive_names(string name)
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        var error = await mallory.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = name, Id = FrameId.From(1) });
        return error.Error.Code;
    }

    [TestCase("https://evil.example", false)]
    [TestCase("http://127.0.0.1:1", false)]
    [TestCase("http://127.0.0.1:{port}", true)]
    [TestCase("file://", false)]
    [TestCase("null", false, TestName = "{m}(sandboxed frame of any page)")]
    public async Task Server_rejects_a_foreign_origin_with_403(string origin, bool isAllowed)
    {
        var connect = () => ChatClient.ConnectAsync(Server.HttpPort, origin: origin.Replace("{port}", $"{Server.HttpPort}", StringComparison.Ordinal));
        if (isAllowed)
            await (await connect()).DisposeAsync();
        else
            (await connect.Should().ThrowAsync<HandshakeRefusedException>()).Which.Response.Should().Contain("403").And.Contain(origin is "null" or "file://" ? "--Origins:FromDisk true" : "--Origins:Allowed:0");
    }

    [Test]
    public async Task Server_accepts_a_page_from_disk_if_the_setting_and_the_host_name_allow_it()
    {
        await using var server = await ServerUnderTest.StartAsync("--Origins:FromDisk", "true");
        foreach (var origin in (string[])["null", "file://"])
            await (await ChatClient.ConnectAsync(server.HttpPort, origin: origin)).DisposeAsync();

        var byOtherName = () => ChatClient.ConnectAsync(server.HttpPort, origin: "null", host: "chat.example");
        (await byOtherName.Should().ThrowAsync<HandshakeRefusedException>()).Which.Response.Should().Contain("403");
    }

    [TestCase("evil.example", false, TestName = "{m}(any name)")]
    [TestCase("localhost.evil.example", false, TestName = "{m}(name that begins with localhost)")]
    [TestCase("friend.example", true, TestName = "{m}(allowed by a setting)")]
    [TestCase("localhost", true)]
    [TestCase("127.0.0.1", true)]
    [TestCase("[::1]", true)]
    public async Task Server_rejects_a_page_from_an_unknown_host_name_that_resolves_to_this_machine(string name, bool isAllowed)
    {
        await using var server = await ServerUnderTest.StartAsync("--Origins:Allowed:0", "http://friend.example:5080");
        var connect = () => ChatClient.ConnectAsync(server.HttpPort, origin: $"http://{name}:5080", host: $"{name}:5080");
        if (isAllowed)
            await (await connect()).DisposeAsync();
        else
            (await connect.Should().ThrowAsync<HandshakeRefusedException>()).Which.Response.Should().Contain("403");

        var byProgram = () => ChatClient.ConnectAsync(server.HttpPort, host: $"{name}:5080");
        await (await byProgram()).DisposeAsync();
        var byProxy = () => ChatClient.ConnectAsync(server.HttpPort, origin: $"https://{name}", host: name);
        await (await byProxy()).DisposeAsync();
    }

    private async Task ExpectCloseAsync(byte[] bytes, params ushort[] codes)
    {
        await using var mallory = await ChatClient.ConnectAsync(Server.HttpPort);
        await mallory.Inbox.ExpectAsync<WelcomeFrame>();
        try
        {
            await mallory.SendBytesAsync(bytes);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The server may close before it has read all bytes.
        }

        var (code, _) = await mallory.Closed.OrFail("the close frame");
        codes.Should().Contain(code);
        mallory.Inbox.All.Last().Should().BeOfType<ByeFrame>().Which.Code.Should().Be(code);
    }

    private static async Task TrySendAsync(ChatClient client, string text)
    {
        try
        {
            await client.SendAsync(text);
        }
        catch (System.Net.Sockets.SocketException)
        {
            await client.Closed.OrFail("the close");
        }
    }

    private static bool Has(ChatClient client, string part)
    {
        lock (client.Lines)
            return client.Lines.Any(line => line.Contains(part, StringComparison.Ordinal));
    }
}
