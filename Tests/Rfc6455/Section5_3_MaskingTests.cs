using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketRole;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>5.3: byte i is XORed with byte (i modulo 4) of the key.</summary>
public class Section5_3_MaskingTests
{
    [Test]
    public void Server_receives_texts_of_every_length_under_a_key_of_four_different_bytes([Range(0, 140)] int length)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i % 26)));
        Feeding.EveryWay(Wire.Frame(1, Wire.Utf8(text), masked: true, key: 0x01020408), WebSocketRole.Server, heard => heard.Messages(text));
    }

    [Test]
    public void Server_receives_every_frame_under_its_own_key()
    {
        var frames = Wire.Join(
            Wire.Frame(1, Wire.Utf8("Hel"), final: false, masked: true, key: 0xDEADBEEF),
            Wire.Frame(9, Wire.Utf8("ping!"), masked: true, key: 0x12345678),
            Wire.Frame(0, Wire.Utf8("lo"), masked: true, key: 0xFFFFFFFF),
            Wire.Frame(1, Wire.Utf8("again"), masked: true, key: 0x00FF00FF));
        Feeding.EveryWay(frames, WebSocketRole.Server, heard => heard.Exactly(
            (WebSocketEventKind.Ping, "ping!"), (WebSocketEventKind.Text, "Hello"), (WebSocketEventKind.Text, "again")));
    }

    [Test]
    public void Client_sends_the_same_message_under_a_new_key_every_time()
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
        keys.Distinct().Should().HaveCountGreaterThan(490, "32 random bits hardly ever repeat");
    }

    [Test]
    public void Server_sends_the_payload_as_it_is()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        var output = new ArrayBufferWriter<byte>();
        server.WriteMessage(output, Opcode.Text, "Hello"u8);
        output.WrittenSpan.ToArray().Should().Equal(Wire.Hex("81 05 48 65 6c 6c 6f"));
    }

    [Test]
    public void Masking_leaves_the_senders_payload_alone()
    {
        var payload = Wire.Utf8("Hello, all of you who read along here");
        using var client = new WebSocketProtocol(Client, 100);
        client.WriteMessage(new ArrayBufferWriter<byte>(), Opcode.Text, payload);
        payload.Should().Equal(Wire.Utf8("Hello, all of you who read along here"));
    }
}
