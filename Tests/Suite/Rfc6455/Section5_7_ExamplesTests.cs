using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;
using static RawSocketChat.Protocol.WebSocket.WebSocketRole;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.7: the examples of the RFC, read and written.</summary>
public class Section5_7_ExamplesTests
{
    private static readonly byte[] Bytes256 = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
    private static readonly byte[] Bytes64Ki = [.. Enumerable.Range(0, 65536).Select(i => (byte)(i * 7))];

    [Test]
    public void Client_receives_a_single_frame_unmasked_text_message() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("81 05 48 65 6c 6c 6f"), Client, received => received.ExpectMessages("Hello"));

    [Test]
    public void Server_receives_a_single_frame_masked_text_message() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), WebSocketRole.Server, received => received.ExpectMessages("Hello"));

    [Test]
    public void Client_receives_a_fragmented_unmasked_text_message() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("01 03 48 65 6c 80 02 6c 6f"), Client, received => received.ExpectMessages("Hello"));

    [Test]
    public void Client_receives_an_unmasked_ping() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("89 05 48 65 6c 6c 6f"), Client, received => received.ExpectEvents((Ping, "Hello")));

    [Test]
    public void Server_receives_a_masked_pong() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), WebSocketRole.Server, received => received.ExpectEvents((Pong, "Hello")));

    [Test]
    public void Client_receives_256_bytes_in_one_frame() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Join(Wire.Hex("82 7E 0100"), Bytes256), Client, received => received.ExpectBinary(Bytes256));

    [Test]
    public void Client_receives_64_KiB_in_one_frame() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Join(Wire.Hex("82 7F 0000000000010000"), Bytes64Ki), Client, received => received.ExpectBinary(Bytes64Ki));

    [Test]
    public void Frame_writer_writes_the_examples()
    {
        FrameWriter.CreateFrame(Opcode.Text, "Hello"u8).Should().Equal(Wire.Hex("81 05 48 65 6c 6c 6f"));
        WriteFrame(Opcode.Text, "Hello"u8, 0x37FA213D).Should().Equal(Wire.Hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
        WriteFrame(Opcode.Text, "Hel"u8, final: false).Should().Equal(Wire.Hex("01 03 48 65 6c"));
        WriteFrame(Opcode.Continuation, "lo"u8).Should().Equal(Wire.Hex("80 02 6c 6f"));
        FrameWriter.CreateFrame(Opcode.Ping, "Hello"u8).Should().Equal(Wire.Hex("89 05 48 65 6c 6c 6f"));
        WriteFrame(Opcode.Pong, "Hello"u8, 0x37FA213D).Should().Equal(Wire.Hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"));
        FrameWriter.CreateFrame(Opcode.Binary, Bytes256)[..4].Should().Equal(Wire.Hex("82 7E 0100"));
        FrameWriter.CreateFrame(Opcode.Binary, Bytes64Ki)[..10].Should().Equal(Wire.Hex("82 7F 0000000000010000"));
    }

    private static byte[] WriteFrame(Opcode opcode, ReadOnlySpan<byte> payload, uint? key = null, bool final = true)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, opcode, payload, key, final);
        return output.WrittenSpan.ToArray();
    }
}
