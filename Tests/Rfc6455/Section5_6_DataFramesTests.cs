using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>5.6 and 8.1: text is UTF-8, binary is anything.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_6_DataFramesTests(WebSocketRole role)
{
    private int HeaderBytes => role == WebSocketRole.Server ? 6 : 2;

    /// <summary>Bytes, and the index of the first one that no text can have there.</summary>
    private static readonly object[] BadTexts =
    [
        new object[] { "80", 0 },                           // a continuation of nothing
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
    public void Receives_text_that_the_splits_cut_inside_characters(string text) =>
        Feeding.EveryWay(Wire.To(role, Opcode.Text, text), role, heard => heard.Messages(text));

    [Test]
    public void Receives_text_whose_fragments_cut_every_character()
    {
        const string Text = "κ世\U0001F600é";
        var bytes = Wire.Utf8(Text);
        var frames = bytes.Select((b, i) => Wire.To(role, i == 0 ? Opcode.Text : Opcode.Continuation, [b], final: i == bytes.Length - 1));
        Feeding.EveryWay(Wire.Join([.. frames]), role, heard => heard.Messages(Text));
    }

    [Test]
    public void Receives_a_ping_inside_a_character()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Text, [0xC3], final: false), Wire.To(role, Opcode.Ping, [0xFF]),
            Wire.To(role, Opcode.Continuation, [0xA9]));
        Feeding.EveryWay(frames, role, heard => heard.Events[^1].Payload.Should().Be(Heard.Show("é")));
    }

    [TestCaseSource(nameof(BadTexts))]
    public void Receives_bad_text_and_fails_at_its_first_bad_byte(string hex, int bad) =>
        Feeding.EveryWay(Wire.To(role, Opcode.Text, Wire.Hex(hex)), role,
            heard => heard.FailedWith(1007, "not UTF-8", at: HeaderBytes + bad + 1));

    [TestCaseSource(nameof(BadTexts))]
    public void Fails_at_the_first_bad_byte_although_frame_and_message_go_on(string hex, int bad)
    {
        // far from the frame's end, behind a run of ASCII that is checked many bytes at once, in a second fragment
        var first = Wire.To(role, Opcode.Text, new string('a', 100), final: false);
        var second = Wire.To(role, Opcode.Continuation, Wire.Join(Wire.Utf8(new string('b', 77)), Wire.Hex(hex), new byte[23]),
            final: false);
        Feeding.EveryWay(Wire.Join(first, second), role,
            heard => heard.FailedWith(1007, "not UTF-8", at: first.Length + HeaderBytes + 77 + bad + 1));
    }

    [TestCase("C3")]
    [TestCase("E2 82")]
    [TestCase("48 F0 9F 98")]
    public void Receives_text_that_ends_inside_a_character_and_fails_at_the_end(string hex)
    {
        var frame = Wire.To(role, Opcode.Text, Wire.Hex(hex));
        Feeding.EveryWay(frame, role, heard => heard.FailedWith(1007, "ends inside a character", at: frame.Length));

        var fragments = Wire.Join(Wire.To(role, Opcode.Text, Wire.Hex(hex), final: false), Wire.To(role, Opcode.Continuation, ""));
        Feeding.EveryWay(fragments, role, heard => heard.FailedWith(1007, "ends inside a character", at: fragments.Length));
    }

    [TestCaseSource(nameof(BadTexts))]
    public void Receives_the_same_bytes_as_binary_and_takes_them(string hex, int bad)
    {
        _ = bad;
        Feeding.EveryWay(Wire.To(role, Opcode.Binary, Wire.Hex(hex)), role, heard => heard.Binary(Wire.Hex(hex)));
    }

    [Test]
    public void Each_text_is_checked_anew()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Binary, [0xC3]), Wire.To(role, Opcode.Text, "é"), Wire.To(role, Opcode.Text, "x"));
        Feeding.EveryWay(frames, role, heard => heard.Events.Select(e => e.Payload).Should().Equal("C3", Heard.Show("é"), Heard.Show("x")));
    }
}
