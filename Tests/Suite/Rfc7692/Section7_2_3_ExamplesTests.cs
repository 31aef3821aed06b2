using System.Buffers;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Section 7.2.3: the examples of the RFC, byte for byte.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section7_2_3_ExamplesTests(WebSocketRole role)
{
    private const string Hello = "f2 48 cd c9 c9 07 00";
    private const string HelloAgain = "f2 00 11 00 00";

    private byte[] Message(string hex) => Wire.Compressed(role, Wire.Hex(hex));

    private static void ExpectMessages(byte[] frames, WebSocketRole role, DeflateParameters agreed, params string[] texts) =>
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectMessages(texts), deflate: agreed);

    [Test]
    public void Message_in_one_frame_is_read_and_written()
    {
        var frame = Wire.Hex("c1 07" + Hello);
        ProtocolFeeder.FeedInAllSplits(frame, WebSocketRole.Client, received => received.ExpectMessages("Hello"), deflate: DeflateTestData.NoTakeover);
        FrameWriter.CreateFrame(Opcode.Text, Wire.Hex(Hello), compressed: true).Should().Equal(frame);
    }

    [Test]
    public void Message_in_two_fragments_is_read_and_written()
    {
        var frames = Wire.Hex("41 03 f2 48 cd 80 04 c9 c9 07 00");
        ProtocolFeeder.FeedInAllSplits(frames, WebSocketRole.Client, received => received.ExpectMessages("Hello"), deflate: DeflateTestData.NoTakeover);

        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, Opcode.Text, Wire.Hex("f2 48 cd"), final: false, compressed: true);
        FrameWriter.Write(output, Opcode.Continuation, Wire.Hex("c9 c9 07 00"));
        output.WrittenSpan.ToArray().Should().Equal(frames);
    }

    [Test]
    public void Second_equal_message_is_read_without_context_takeover() =>
        ExpectMessages(Wire.Join(Message(Hello), Message(Hello)), role, DeflateTestData.NoTakeover, "Hello", "Hello");

    [Test]
    public void Second_message_may_refer_to_the_first_one_with_context_takeover() =>
        ExpectMessages(Wire.Join(Message(Hello), Message(HelloAgain)), role, DeflateTestData.Takeover, "Hello", "Hello");

    [Test]
    public void Second_message_that_refers_to_the_first_one_is_invalid_without_context_takeover()
    {
        var frames = Wire.Join(Message(Hello), Message(HelloAgain));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectFault(1007, "7.2.2", frames.Length), deflate: DeflateTestData.NoTakeover);
    }

    [Test]
    public void Uncompressed_block_is_read() => ExpectMessages(Message("00 05 00 fa ff 48 65 6c 6c 6f 00"), role, DeflateTestData.NoTakeover, "Hello");

    [Test]
    public void Final_block_followed_by_an_empty_block_is_read() => ExpectMessages(Message("f3 48 cd c9 c9 07 00 00"), role, DeflateTestData.NoTakeover, "Hello");

    [Test]
    public void Two_blocks_in_one_message_are_read() => ExpectMessages(Message("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), role, DeflateTestData.NoTakeover, "Hello");

    [TestCase("00")]        // the empty stored block
    [TestCase("02 00")]     // an empty block of the fixed code, then the empty stored block
    public void Empty_message_is_read(string hex) => ExpectMessages(Message(hex), role, DeflateTestData.NoTakeover, "");

    // These cases are not examples of the RFC, but the RFC allows them.
    [Test]
    public void Block_after_a_final_block_belongs_to_the_message_and_may_refer_to_earlier_bytes() =>
        ExpectMessages(Message("f3 48 cd c9 c9 07 00 f2 00 11 00 00"), role, DeflateTestData.NoTakeover, "HelloHello");

    [Test]
    public void Final_block_does_not_end_the_context() =>
        ExpectMessages(Wire.Join(Message("f3 48 cd c9 c9 07 00 00"), Message(HelloAgain)), role, DeflateTestData.Takeover, "Hello", "Hello");

    [Test]
    public void Message_that_ends_with_a_final_block_can_be_read() =>
        ExpectMessages(Message("f3 48 cd c9 c9 07 00"), role, DeflateTestData.NoTakeover, "Hello");
}
