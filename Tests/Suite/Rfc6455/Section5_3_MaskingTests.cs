using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketRole;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.3: byte i is XORed with byte (i modulo 4) of the masking key.</summary>
public class Section5_3_MaskingTests
{
    [Test]
    public void Server_unmasks_texts_of_every_length([Range(0, 140)] int length)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i % 26)));
        ProtocolFeeder.FeedInAllSplits(Wire.Frame(1, Wire.Utf8(text), masked: true, key: 0x01020408), WebSocketRole.Server, received => received.ExpectMessages(text));
    }

    [Test]
    public void Server_unmasks_every_frame_with_its_own_key()
    {
        var frames = Wire.Join(
            Wire.Frame(1, Wire.Utf8("Hel"), final: false, masked: true, key: 0xDEADBEEF),
            Wire.Frame(9, Wire.Utf8("ping!"), masked: true, key: 0x12345678),
            Wire.Frame(0, Wire.Utf8("lo"), masked: true, key: 0xFFFFFFFF),
            Wire.Frame(1, Wire.Utf8("again"), masked: true, key: 0x00FF00FF));
        ProtocolFeeder.FeedInAllSplits(frames, WebSocketRole.Server, received => received.ExpectEvents(
            (WebSocketEventKind.Ping, "ping!"), (WebSocketEventKind.Text, "Hello"), (WebSocketEventKind.Text, "again")));
    }

    [Test]
    public void Client_masks_every_frame_with_a_new_key()
    {
        using var client = new WebSocketProtocol(Client, 100);
        var keys = Enumerable.Range(0, 500).Select(_ =>
        {
            var output = new ArrayBufferWriter<byte>();
            client.WriteMessage(output, Opcode.Text, "Hello"u8);
            var frame = output.WrittenSpan.ToArray();
            frame[..2].Should().Equal(0x81, 0x85);
            var key = (uint)(frame[2] << 24 | frame[3] << 16 | frame[4] << 8 | frame[5]);
            Wire.Masked(frame[6..], key).Should().Equal(Wire.Utf8("Hello"));
            return key;
        });
        keys.Distinct().Should().HaveCountGreaterThan(490, "32 random bits rarely repeat");
    }

    [Test]
    public void Server_sends_the_payload_unmasked()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        var output = new ArrayBufferWriter<byte>();
        server.WriteMessage(output, Opcode.Text, "Hello"u8);
        output.WrittenSpan.ToArray().Should().Equal(Wire.Hex("81 05 48 65 6c 6c 6f"));
    }

    [Test]
    public void Masking_does_not_change_the_senders_payload()
    {
        var payload = Wire.Utf8("Hello, all of you who read along here");
        using var client = new WebSocketProtocol(Client, 100);
        client.WriteMessage(new ArrayBufferWriter<byte>(), Opcode.Text, payload);
        payload.Should().Equal(Wire.Utf8("Hello, all of you who read along here"));
    }
}
