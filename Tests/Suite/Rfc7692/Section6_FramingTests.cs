using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Section 6: the bit RSV1 marks compressed messages, which may be fragmented.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section6_FramingTests(WebSocketRole role)
{
    private static readonly byte[] Hello = Wire.Hex("f2 48 cd c9 c9 07 00");

    private byte[] First(int from, int to) => Wire.Compressed(role, Hello[from..to], final: false);
    private byte[] More(int from, int to) => Wire.To(role, Opcode.Continuation, Hello[from..to], final: false);
    private byte[] Last(int from) => Wire.To(role, Opcode.Continuation, Hello[from..]);
    private byte[] Compressed(string text) => Wire.Compressed(role, DeflateTestData.Deflate(Wire.Utf8(text)));
    private byte[] Plain(string text) => Wire.To(role, Opcode.Text, text);

    private void FeedInAllSplits(byte[] frames, Action<ReceivedEvents> assert) => ProtocolFeeder.FeedInAllSplits(frames, role, assert, deflate: DeflateTestData.NoTakeover);

    [Test]
    public void Endpoint_receives_compressed_and_uncompressed_messages_in_turn() =>
        FeedInAllSplits(Wire.Join(Plain("one"), Compressed("two"), Plain("three"), Compressed("four")),
            received => received.ExpectMessages("one", "two", "three", "four"));

    [Test]
    public void Endpoint_receives_a_compressed_message_fragmented_anywhere()
    {
        for (var cut = 0; cut <= Hello.Length; cut++)
            FeedInAllSplits(Wire.Join(First(0, cut), Last(cut)), received => received.ExpectMessages("Hello"));
        FeedInAllSplits(Wire.Join([First(0, 0), .. Enumerable.Range(0, Hello.Length).Select(i => More(i, i + 1)), Last(Hello.Length)]),
            received => received.ExpectMessages("Hello"));
    }

    [Test]
    public void Endpoint_receives_uncompressed_control_frames_between_compressed_fragments() =>
        FeedInAllSplits(Wire.Join(First(0, 3), Wire.To(role, Opcode.Ping, "p"), More(3, 5), Wire.To(role, Opcode.Pong, ""), Last(5), Plain("next")),
            received => received.ExpectEvents((Ping, "p"), (Pong, ""), (Text, "Hello"), (Text, "next")));

    [Test]
    public void Endpoint_receives_a_compressed_binary_message() =>
        FeedInAllSplits(Wire.Compressed(role, DeflateTestData.Deflate([0xFF, 0xC0, 0x80]), opcode: Opcode.Binary), received => received.ExpectBinary([0xFF, 0xC0, 0x80]));

    [TestCase(Opcode.Continuation)]
    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase(Opcode.Pong)]
    public void Endpoint_fails_the_connection_with_1002_if_a_frame_with_RSV1_does_not_begin_a_message(Opcode opcode)
    {
        var before = First(0, 3);
        FeedInAllSplits(Wire.Join(before, Wire.Frame((int)opcode, [], masked: role == WebSocketRole.Server, reserved: 4)),
            received => received.ExpectFault(1002, "RFC 7692, 6.1", before.Length + 1));
    }

    [Test]
    public void Endpoint_without_an_agreement_fails_the_connection_with_1002_on_RSV1() =>
        ProtocolFeeder.FeedInAllSplits(Compressed("Hello"), role, received => received.ExpectFault(1002, "reserved bit", 1));

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(7)]
    public void Endpoint_fails_the_connection_with_1002_on_other_reserved_bits(int reserved) =>
        FeedInAllSplits(Wire.Frame((int)Opcode.Text, Hello, masked: role == WebSocketRole.Server, reserved: reserved),
            received => received.ExpectFault(1002, "reserved bit", 1));

    [Test]
    public void Frame_writer_refuses_RSV1_on_a_frame_that_does_not_begin_a_message([Values(Opcode.Continuation, Opcode.Close, Opcode.Ping, Opcode.Pong)] Opcode opcode) =>
        FluentActions.Invoking(() => FrameWriter.CreateFrame(opcode, default, compressed: true)).Should().Throw<ArgumentException>();
}
