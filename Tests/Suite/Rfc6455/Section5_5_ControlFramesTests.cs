using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.5: close, ping and pong.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_5_ControlFramesTests(WebSocketRole role)
{
    private WebSocketRole Peer => role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(125)]
    public void Endpoint_receives_a_ping_and_a_pong_with_their_payload(int length)
    {
        var text = new string('p', length);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(Wire.To(role, Opcode.Ping, text), Wire.To(role, Opcode.Pong, text)), role,
            received => received.ExpectEvents((Ping, text), (Pong, text)));
    }

    [Test]
    public void Endpoint_receives_a_ping_with_bytes_that_are_not_UTF8() =>
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Ping, [0xFF, 0xFE, 0x00]), role,
            received => received.Events.Should().ContainSingle().Which.Payload.Should().Be("FFFE00"));

    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void Endpoint_receives_a_control_frame_with_more_than_125_bytes_and_fails_the_connection_at_the_length_field(Opcode opcode)
    {
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, opcode, new byte[126]), role, received => received.ExpectFault(1002, "more than 125 bytes", at: 2));
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, opcode, new byte[65536]), role, received => received.ExpectFault(1002, "more than 125 bytes", at: 2));
    }

    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void Endpoint_receives_a_fragmented_control_frame_and_fails_the_connection(Opcode opcode)
    {
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, opcode, "", final: false), role, received => received.ExpectFault(1002, "fragmented control", at: 1));
        var first = Wire.To(role, Opcode.Text, "Hel", final: false);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Wire.To(role, opcode, "", final: false)), role,
            received => received.ExpectFault(1002, "fragmented control", at: first.Length + 1));
    }

    [Test]
    public void Endpoint_sends_pings_and_pongs_that_the_peer_receives()
    {
        using var sender = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        sender.WritePing(output, "are you there"u8);
        sender.WritePong(output, default);
        sender.WritePong(output, new byte[125]);
        ProtocolFeeder.FeedInAllSplits(output.WrittenSpan.ToArray(), Peer,
            received => received.ExpectEvents((Ping, "are you there"), (Pong, ""), (Pong, new string('\0', 125))));
    }

    [Test]
    public void Endpoint_refuses_to_send_a_ping_or_pong_with_126_bytes()
    {
        using var sender = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        FluentActions.Invoking(() => sender.WritePing(output, new byte[126])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => sender.WritePong(output, new byte[126])).Should().Throw<ArgumentException>();
        output.WrittenCount.Should().Be(0);
    }

    [Test]
    public void Endpoint_sends_no_answer_by_itself()
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        endpoint.TryReceive(Wire.Close(role, 1000), out _, out _).Should().BeTrue();
        endpoint.CloseReceived.Should().BeTrue();
        endpoint.CloseSent.Should().BeFalse();
        endpoint.WriteClose(new ArrayBufferWriter<byte>(), 1000, "").Should().BeTrue();
        endpoint.CloseSent.Should().BeTrue();
    }
}
