using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.8: without a negotiated extension, reserved bits and opcodes fail the connection.</summary>
public class Section5_8_ExtensibilityTests
{
    [Test]
    public void Endpoint_accepts_exactly_the_defined_first_bytes_of_a_frame([Values] WebSocketRole role)
    {
        byte[] outsideMessages = [0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8A];
        byte[] insideMessages = [0x00, 0x80, 0x88, 0x89, 0x8A];
        var start = Wire.To(role, Opcode.Text, "", final: false);

        for (var first = 0; first <= byte.MaxValue; first++)
        {
            var outside = ProtocolFeeder.FeedWhole([(byte)first], role);
            (outside.Events.Count == 0).Should().Be(outsideMessages.Contains((byte)first), "outside a message, {0:X2}", first);
            var inside = ProtocolFeeder.FeedWhole([.. start, (byte)first], role);
            (inside.Events.Count == 0).Should().Be(insideMessages.Contains((byte)first), "inside a message, {0:X2}", first);
            outside.Events.Concat(inside.Events)
                .All(e => e.Kind == WebSocketEventKind.Fault && e.CloseCode == 1002).Should().BeTrue("{0:X2}", first);
        }
    }

    [Test]
    public void Client_rejects_an_extension_that_it_did_not_offer()
    {
        const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
        var response = Wire.Utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Accept: {HandshakeKey.ComputeAccept(Key)}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        ClientHandshake.TryReadResponse(response, Key, out _, out _, out var fault).Should().BeTrue();
        fault.Should().Contain("permessage-deflate");
    }
}
