using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>7.2.3: the RFC's own examples, byte for byte.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section7_2_3_ExamplesTests(WebSocketRole role)
{
    private const string Hello = "f2 48 cd c9 c9 07 00";
    private const string HelloAgain = "f2 00 11 00 00";

    private byte[] Message(string hex) => Wire.Compressed(role, Wire.Hex(hex));

    private static void Heard(byte[] frames, WebSocketRole role, DeflateParameters agreed, params string[] texts) =>
        Feeding.EveryWay(frames, role, heard => heard.Messages(texts), deflate: agreed);

    [Test]
    public void A_message_in_one_frame_as_the_RFC_draws_it()
    {
        var frame = Wire.Hex("c1 07" + Hello);
        Feeding.EveryWay(frame, WebSocketRole.Client, heard => heard.Messages("Hello"), deflate: Agreed.NoTakeover);
        FrameWriter.Frame(Opcode.Text, Wire.Hex(Hello), compressed: true).Should().Equal(frame);
    }

    [Test]
    public void A_message_in_two_fragments_as_the_RFC_draws_them()
    {
        var frames = Wire.Hex("41 03 f2 48 cd 80 04 c9 c9 07 00");
        Feeding.EveryWay(frames, WebSocketRole.Client, heard => heard.Messages("Hello"), deflate: Agreed.NoTakeover);

        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, Opcode.Text, Wire.Hex("f2 48 cd"), final: false, compressed: true);
        FrameWriter.Write(output, Opcode.Continuation, Wire.Hex("c9 c9 07 00"));
        output.WrittenSpan.ToArray().Should().Equal(frames);
    }

    [Test]
    public void The_same_message_twice_without_context_takeover() =>
        Heard(Wire.Join(Message(Hello), Message(Hello)), role, Agreed.NoTakeover, "Hello", "Hello");

    [Test]
    public void The_second_message_refers_to_the_first_one_with_context_takeover() =>
        Heard(Wire.Join(Message(Hello), Message(HelloAgain)), role, Agreed.Takeover, "Hello", "Hello");

    [Test]
    public void A_second_message_that_refers_to_the_first_one_is_bad_data_without_context_takeover()
    {
        var frames = Wire.Join(Message(Hello), Message(HelloAgain));
        Feeding.EveryWay(frames, role, heard => heard.FailedWith(1007, "7.2.2", frames.Length), deflate: Agreed.NoTakeover);
    }

    [Test]
    public void A_block_that_is_not_compressed() => Heard(Message("00 05 00 fa ff 48 65 6c 6c 6f 00"), role, Agreed.NoTakeover, "Hello");

    [Test]
    public void A_final_block_with_the_empty_one_behind_it() => Heard(Message("f3 48 cd c9 c9 07 00 00"), role, Agreed.NoTakeover, "Hello");

    [Test]
    public void Two_blocks_in_one_message() => Heard(Message("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), role, Agreed.NoTakeover, "Hello");

    [TestCase("00")]        // the empty stored block
    [TestCase("02 00")]     // an empty block of the fixed code before it
    public void An_empty_message(string hex) => Heard(Message(hex), role, Agreed.NoTakeover, "");

    // Beyond the RFC's own: what its words allow.
    [Test]
    public void What_follows_a_final_block_belongs_to_the_message_and_may_refer_to_what_was_before_it() =>
        Heard(Message("f3 48 cd c9 c9 07 00 f2 00 11 00 00"), role, Agreed.NoTakeover, "HelloHello");

    [Test]
    public void A_final_block_does_not_end_the_context() =>
        Heard(Wire.Join(Message("f3 48 cd c9 c9 07 00 00"), Message(HelloAgain)), role, Agreed.Takeover, "Hello", "Hello");

    [Test]
    public void A_final_block_without_the_empty_one_behind_it_is_understood_all_the_same() =>
        Heard(Message("f3 48 cd c9 c9 07 00"), role, Agreed.NoTakeover, "Hello");
}
