using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Sections 5.6 and 8.1: text must be UTF-8, and binary messages may contain any bytes.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_6_DataFramesTests(WebSocketRole role)
{
    private int HeaderBytes => role == WebSocketRole.Server ? 6 : 2;

    /// <summary>Invalid UTF-8, and the index of the first invalid byte.</summary>
    private static readonly object[] InvalidTexts =
    [
        new object[] { "80", 0 },                           // a continuation byte without a first byte
        new object[] { "48 65 BF", 2 },
        new object[] { "C0 80", 0 },                        // overlong NUL
        new object[] { "C1 BF", 0 },
        new object[] { "C3 28", 1 },
        new object[] { "E0 80 80", 1 },                     // overlong
        new object[] { "E0 9F BF", 1 },
        new object[] { "E2 82 28", 2 },
        new object[] { "ED A0 80", 1 },                     // a surrogate
        new object[] { "ED BF BF", 1 },
        new object[] { "F0 80 80 80", 1 },                  // overlong
        new object[] { "F0 8F BF BF", 1 },
        new object[] { "F0 9F 98 41", 3 },
        new object[] { "F4 90 80 80", 1 },                  // above U+10FFFF
        new object[] { "F5 80 80 80", 0 },
        new object[] { "FE", 0 },
        new object[] { "FF", 0 },
        new object[] { "CE BA E1 BD B9 CF 83 CE BC CE B5 F4 90 80 80 65 64 69 74 65 64", 12 },
    ];

    [TestCase("")]
    [TestCase("Hello")]
    [TestCase("\0\u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\U00010000\U0010FFFF")]
    [TestCase("κόσμε, 世界, \U0001F600")]
    public void Endpoint_receives_text_that_is_split_inside_characters(string text) =>
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Text, text), role, received => received.ExpectMessages(text));

    [Test]
    public void Endpoint_receives_text_that_is_fragmented_inside_every_character()
    {
        const string Text = "κ世\U0001F600é";
        var bytes = Wire.Utf8(Text);
        var frames = bytes.Select((b, i) => Wire.To(role, i == 0 ? Opcode.Text : Opcode.Continuation, [b], final: i == bytes.Length - 1));
        ProtocolFeeder.FeedInAllSplits(Wire.Join([.. frames]), role, received => received.ExpectMessages(Text));
    }

    [Test]
    public void Endpoint_receives_a_ping_between_fragments_of_a_character()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Text, [0xC3], final: false), Wire.To(role, Opcode.Ping, [0xFF]),
            Wire.To(role, Opcode.Continuation, [0xA9]));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.Events[^1].Payload.Should().Be(ReceivedEvents.ToHex("é")));
    }

    [TestCaseSource(nameof(InvalidTexts))]
    public void Endpoint_receives_invalid_text_and_fails_the_connection_at_the_first_invalid_byte(string hex, int invalidIndex) =>
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Text, Wire.Hex(hex)), role,
            received => received.ExpectFault(1007, "not UTF-8", at: HeaderBytes + invalidIndex + 1));

    [TestCaseSource(nameof(InvalidTexts))]
    public void Endpoint_fails_the_connection_at_the_first_invalid_byte_before_the_frame_is_complete(string hex, int invalidIndex)
    {
        // The invalid byte follows ASCII text, which vector instructions validate. The byte is in the second fragment, far from the end of
        // the frame.
        var first = Wire.To(role, Opcode.Text, new string('a', 100), final: false);
        var second = Wire.To(role, Opcode.Continuation, Wire.Join(Wire.Utf8(new string('b', 77)), Wire.Hex(hex), new byte[23]),
            final: false);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, second), role,
            received => received.ExpectFault(1007, "not UTF-8", at: first.Length + HeaderBytes + 77 + invalidIndex + 1));
    }

    [TestCase("C3")]
    [TestCase("E2 82")]
    [TestCase("48 F0 9F 98")]
    public void Endpoint_receives_text_that_ends_inside_a_character_and_fails_the_connection_at_the_end(string hex)
    {
        var frame = Wire.To(role, Opcode.Text, Wire.Hex(hex));
        ProtocolFeeder.FeedInAllSplits(frame, role, received => received.ExpectFault(1007, "ends inside a character", at: frame.Length));

        var fragments = Wire.Join(Wire.To(role, Opcode.Text, Wire.Hex(hex), final: false), Wire.To(role, Opcode.Continuation, ""));
        ProtocolFeeder.FeedInAllSplits(fragments, role, received => received.ExpectFault(1007, "ends inside a character", at: fragments.Length));
    }

    [TestCaseSource(nameof(InvalidTexts))]
    public void Endpoint_receives_a_binary_message_that_is_not_UTF8(string hex, int invalidIndex)
    {
        _ = invalidIndex;
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Binary, Wire.Hex(hex)), role, received => received.ExpectBinary(Wire.Hex(hex)));
    }

    [Test]
    public void Endpoint_validates_each_text_separately()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Binary, [0xC3]), Wire.To(role, Opcode.Text, "é"), Wire.To(role, Opcode.Text, "x"));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.Events.Select(e => e.Payload).Should().Equal("C3", ReceivedEvents.ToHex("é"), ReceivedEvents.ToHex("x")));
    }
}
