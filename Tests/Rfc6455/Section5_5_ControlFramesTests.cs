using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>5.5: close, ping, pong.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_5_ControlFramesTests(WebSocketRole role)
{
    private WebSocketRole Peer => role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(125)]
    public void Receives_a_ping_and_a_pong_with_their_payload(int length)
    {
        var text = new string('p', length);
        Feeding.EveryWay(Wire.Join(Wire.To(role, Opcode.Ping, text), Wire.To(role, Opcode.Pong, text)), role,
            heard => heard.Exactly((Ping, text), (Pong, text)));
    }

    [Test]
    public void Receives_a_ping_of_bytes_that_are_no_text() =>
        Feeding.EveryWay(Wire.To(role, Opcode.Ping, [0xFF, 0xFE, 0x00]), role,
            heard => heard.Events.Should().ContainSingle().Which.Payload.Should().Be("FFFE00"));

    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void Receives_a_control_frame_of_over_125_bytes_and_fails_at_the_length(Opcode opcode)
    {
        Feeding.EveryWay(Wire.To(role, opcode, new byte[126]), role, heard => heard.FailedWith(1002, "control frame of over 125", at: 2));
        Feeding.EveryWay(Wire.To(role, opcode, new byte[65536]), role, heard => heard.FailedWith(1002, "control frame of over 125", at: 2));
    }

    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void Receives_a_fragmented_control_frame_and_fails(Opcode opcode)
    {
        Feeding.EveryWay(Wire.To(role, opcode, "", final: false), role, heard => heard.FailedWith(1002, "fragmented control", at: 1));
        var first = Wire.To(role, Opcode.Text, "Hel", final: false);
        Feeding.EveryWay(Wire.Join(first, Wire.To(role, opcode, "", final: false)), role,
            heard => heard.FailedWith(1002, "fragmented control", at: first.Length + 1));
    }

    [Test]
    public void Sends_pings_and_pongs_that_the_other_end_hears()
    {
        using var sender = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        sender.WritePing(output, "are you there"u8);
        sender.WritePong(output, default);
        sender.WritePong(output, new byte[125]);
        Feeding.EveryWay(output.WrittenSpan.ToArray(), Peer,
            heard => heard.Exactly((Ping, "are you there"), (Pong, ""), (Pong, new string('\0', 125))));
    }

    [Test]
    public void Refuses_to_send_a_ping_or_pong_of_126_bytes()
    {
        using var sender = new WebSocketProtocol(role, 100);
        var output = new ArrayBufferWriter<byte>();
        FluentActions.Invoking(() => sender.WritePing(output, new byte[126])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => sender.WritePong(output, new byte[126])).Should().Throw<ArgumentException>();
        output.WrittenCount.Should().Be(0);
    }

    [Test]
    public void Answers_nothing_by_itself()
    {
        using var endpoint = new WebSocketProtocol(role, 100);
        endpoint.TryReceive(Wire.Close(role, 1000), out _, out _).Should().BeTrue();
        endpoint.CloseReceived.Should().BeTrue();
        endpoint.CloseSent.Should().BeFalse();
        endpoint.WriteClose(new ArrayBufferWriter<byte>(), 1000, "").Should().BeTrue();
        endpoint.CloseSent.Should().BeTrue();
    }
}
