using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>6: the bit that says that a message is compressed, where it may stand, and messages in fragments.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section6_FramingTests(WebSocketRole role)
{
    private static readonly byte[] Hello = Wire.Hex("f2 48 cd c9 c9 07 00");

    private byte[] First(int from, int to) => Wire.Compressed(role, Hello[from..to], final: false);
    private byte[] More(int from, int to) => Wire.To(role, Opcode.Continuation, Hello[from..to], final: false);
    private byte[] Last(int from) => Wire.To(role, Opcode.Continuation, Hello[from..]);
    private byte[] Compressed(string text) => Wire.Compressed(role, Agreed.Deflate(Wire.Utf8(text)));
    private byte[] Plain(string text) => Wire.To(role, Opcode.Text, text);

    private void EveryWay(byte[] frames, Action<Heard> assert) => Feeding.EveryWay(frames, role, assert, deflate: Agreed.NoTakeover);

    [Test]
    public void Messages_compressed_and_not_may_follow_each_other() =>
        EveryWay(Wire.Join(Plain("one"), Compressed("two"), Plain("three"), Compressed("four")),
            heard => heard.Messages("one", "two", "three", "four"));

    [Test]
    public void A_compressed_message_may_be_cut_into_fragments_anywhere()
    {
        for (var cut = 0; cut <= Hello.Length; cut++)
            EveryWay(Wire.Join(First(0, cut), Last(cut)), heard => heard.Messages("Hello"));
        EveryWay(Wire.Join([First(0, 0), .. Enumerable.Range(0, Hello.Length).Select(i => More(i, i + 1)), Last(Hello.Length)]),
            heard => heard.Messages("Hello"));
    }

    [Test]
    public void Control_frames_may_come_between_the_fragments_and_are_never_compressed() =>
        EveryWay(Wire.Join(First(0, 3), Wire.To(role, Opcode.Ping, "p"), More(3, 5), Wire.To(role, Opcode.Pong, ""), Last(5), Plain("next")),
            heard => heard.Exactly((Ping, "p"), (Pong, ""), (Text, "Hello"), (Text, "next")));

    [Test]
    public void Binary_messages_are_compressed_as_well() =>
        EveryWay(Wire.Compressed(role, Agreed.Deflate([0xFF, 0xC0, 0x80]), opcode: Opcode.Binary), heard => heard.Binary([0xFF, 0xC0, 0x80]));

    [TestCase(Opcode.Continuation)]
    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void The_bit_on_any_other_frame_than_a_messages_first_is_1002(Opcode opcode)
    {
        var before = First(0, 3);
        EveryWay(Wire.Join(before, Wire.Frame((int)opcode, [], masked: role == WebSocketRole.Server, reserved: 4)),
            heard => heard.FailedWith(1002, "RFC 7692, 6.1", before.Length + 1));
    }

    [Test]
    public void Without_an_agreement_the_bit_is_1002() =>
        Feeding.EveryWay(Compressed("Hello"), role, heard => heard.FailedWith(1002, "reserved bit", 1));

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(7)]
    public void The_other_reserved_bits_mean_nothing_as_before(int reserved) =>
        EveryWay(Wire.Frame((int)Opcode.Text, Hello, masked: role == WebSocketRole.Server, reserved: reserved),
            heard => heard.FailedWith(1002, "reserved bit", 1));

    [Test]
    public void Nobody_can_write_the_bit_where_it_may_not_be([Values(Opcode.Continuation, Opcode.Close, Opcode.Ping, Opcode.Pong)] Opcode opcode) =>
        FluentActions.Invoking(() => FrameWriter.Frame(opcode, default, compressed: true)).Should().Throw<ArgumentException>();
}
