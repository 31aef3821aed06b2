using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Sections 5.5.1 and 7: the closing handshake and its codes.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section7_ClosingTests(WebSocketRole role)
{
    private static readonly int[] ValidCodes =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4008, 4501, 4999];
    private static readonly int[] InvalidCodes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535];

    private WebSocketRole Peer => role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;

    [TestCaseSource(nameof(ValidCodes))]
    public void Endpoint_receives_a_close_with_a_valid_code(int code)
    {
        ProtocolFeeder.FeedInAllSplits(Wire.Close(role, code, "bye κ"), role, received => received.ExpectClose(code, "bye κ"));
        CloseCode.MayBeSent((ushort)code).Should().BeTrue();
    }

    [TestCaseSource(nameof(InvalidCodes))]
    public void Endpoint_receives_a_close_with_an_invalid_code_and_fails_the_connection(int code)
    {
        var frame = Wire.Close(role, code, "bye");
        ProtocolFeeder.FeedInAllSplits(frame, role, received => received.ExpectFault(1002, $"close code {code}", at: frame.Length));
        CloseCode.MayBeSent((ushort)code).Should().BeFalse();
    }

    [Test]
    public void Endpoint_receives_an_empty_close_as_1005() =>
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Close, ""), role, received => received.ExpectClose(1005, ""));

    [Test]
    public void Endpoint_receives_a_close_with_the_longest_reason() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Close(role, 1000, new string('r', 123)), role, received => received.ExpectClose(1000, new string('r', 123)));

    [Test]
    public void Endpoint_receives_a_close_with_one_byte_and_fails_the_connection()
    {
        var frame = Wire.To(role, Opcode.Close, [3]);
        ProtocolFeeder.FeedInAllSplits(frame, role, received => received.ExpectFault(1002, "close frame with one byte", at: frame.Length));
    }

    [TestCase("FF")]
    [TestCase("48 C0 80")]
    [TestCase("ED A0 80")]
    [TestCase("CE")]
    public void Endpoint_receives_a_close_reason_that_is_not_utf8_and_fails_the_connection(string hex)
    {
        var frame = Wire.To(role, Opcode.Close, Wire.Join([0x03, 0xE8], Wire.Hex(hex)));
        ProtocolFeeder.FeedInAllSplits(frame, role, received => received.ExpectFault(1007, "close reason", at: frame.Length));
    }

    [Test]
    public void Endpoint_reads_nothing_after_a_close()
    {
        var text = Wire.To(role, Opcode.Text, "too late");
        ProtocolFeeder.FeedInAllSplits(Wire.Join(Wire.Close(role, 1000, "bye"), text, Wire.Close(role, 1001), Wire.Hex("FF FF FF")), role,
            received => received.ExpectClose(1000, "bye"));
    }

    [Test]
    public void Endpoint_still_reads_after_its_own_close_until_the_close_of_the_peer()
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        endpoint.WriteClose(new ArrayBufferWriter<byte>(), 1001, "").Should().BeTrue();
        var events = new List<ReceivedEvent>();
        var offset = 0;
        ProtocolFeeder.Feed(endpoint, Wire.Join(Wire.To(role, Opcode.Text, "still"), Wire.Close(role, 1000)), events, ref offset);
        events.Select(e => e.Kind).Should().Equal(WebSocketEventKind.Text, WebSocketEventKind.Close);
        (endpoint.CloseSent, endpoint.CloseReceived).Should().Be((true, true));
    }

    [Test]
    public void Endpoint_sends_a_close_that_the_peer_receives()
    {
        foreach (var code in ValidCodes)
            ProtocolFeeder.FeedInAllSplits(WriteClose((ushort)code, "see you"), Peer, received => received.ExpectClose(code, "see you"));
        ProtocolFeeder.FeedInAllSplits(WriteClose(1005, "not sent"), Peer, received => received.ExpectClose(1005, ""));
    }

    [Test]
    public void Endpoint_cuts_a_long_reason_between_two_characters()
    {
        ProtocolFeeder.FeedInAllSplits(WriteClose(1000, new string('r', 500)), Peer, received => received.ExpectClose(1000, new string('r', 123)));
        ProtocolFeeder.FeedInAllSplits(WriteClose(1000, new string('r', 122) + "é"), Peer, received => received.ExpectClose(1000, new string('r', 122)));
        ProtocolFeeder.FeedInAllSplits(WriteClose(1000, string.Concat(Enumerable.Repeat("\U0001F600", 40))), Peer,
            received => received.ExpectClose(1000, string.Concat(Enumerable.Repeat("\U0001F600", 30))));
    }

    [Test]
    public void Endpoint_sends_a_reason_with_half_a_character_as_valid_utf8() =>
        ProtocolFeeder.FeedInAllSplits(WriteClose(1000, "a\uD83D!"), Peer, received => received.ExpectClose(1000, "a\uFFFD!"));

    [Test]
    public void Endpoint_sends_only_one_close_and_nothing_after_it()
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        endpoint.CloseSent.Should().BeFalse();
        endpoint.WriteClose(output, 1000, "bye").Should().BeTrue();
        endpoint.CloseSent.Should().BeTrue();
        var written = output.WrittenCount;

        endpoint.WriteClose(output, 1001, "again").Should().BeFalse();
        endpoint.WriteMessage(output, Opcode.Text, "too late"u8);
        endpoint.WritePing(output, default);
        endpoint.WritePong(output, default);
        output.WrittenCount.Should().Be(written);
    }

    [Test]
    public void Endpoint_refuses_to_send_a_close_with_an_invalid_code()
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        foreach (var code in InvalidCodes.Except([1005]))
            FluentActions.Invoking(() => endpoint.WriteClose(output, (ushort)code, "")).Should().Throw<ArgumentOutOfRangeException>();
        endpoint.CloseSent.Should().BeFalse();
        output.WrittenCount.Should().Be(0);
    }

    [Test]
    public void Endpoint_can_send_the_code_and_reason_of_a_fault()
    {
        var fault = ProtocolFeeder.FeedWhole(Wire.Hex("F1"), role).Events.Single();
        var received = ProtocolFeeder.FeedWhole(WriteClose(fault.CloseCode, fault.Reason), Peer);
        received.ExpectClose(1002, fault.Reason);
    }

    private byte[] WriteClose(ushort code, string reason)
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        endpoint.WriteClose(output, code, reason).Should().BeTrue();
        return output.WrittenSpan.ToArray();
    }
}
