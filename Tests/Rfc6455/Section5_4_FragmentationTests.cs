using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>5.4: messages in fragments, control frames between them.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_4_FragmentationTests(WebSocketRole role)
{
    private byte[] First(string text) => Wire.To(role, Opcode.Text, text, final: false);
    private byte[] More(string text) => Wire.To(role, Opcode.Continuation, text, final: false);
    private byte[] Last(string text) => Wire.To(role, Opcode.Continuation, text);

    [Test]
    public void Receives_a_message_in_two_fragments() =>
        Feeding.EveryWay(Wire.Join(First("Hel"), Last("lo")), role, heard => heard.Messages("Hello"));

    [Test]
    public void Receives_a_message_in_many_fragments_of_one_byte()
    {
        var text = string.Concat(Enumerable.Range(0, 50).Select(i => (char)('a' + i % 26)));
        var frames = Wire.Join([First(""), .. text.Select(c => More(c.ToString())), Last("")]);
        Feeding.EveryWay(frames, role, heard => heard.Messages(text));
    }

    [Test]
    public void Receives_a_message_of_empty_fragments_as_an_empty_message() =>
        Feeding.EveryWay(Wire.Join(First(""), More(""), Last("")), role, heard => heard.Messages(""));

    [Test]
    public void Receives_binary_fragments_that_are_no_text()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Binary, [0xFF, 0xC0], final: false), Wire.To(role, Opcode.Continuation, [0x80]));
        Feeding.EveryWay(frames, role, heard => heard.Binary([0xFF, 0xC0, 0x80]));
    }

    [Test]
    public void Receives_pings_and_pongs_between_fragments_before_the_message()
    {
        var frames = Wire.Join(First("He"), Wire.To(role, Opcode.Ping, "one"), More("ll"), Wire.To(role, Opcode.Pong, "two"),
            Wire.To(role, Opcode.Ping, ""), Last("o"));
        Feeding.EveryWay(frames, role, heard => heard.Exactly((Ping, "one"), (Pong, "two"), (Ping, ""), (Text, "Hello")));
    }

    [Test]
    public void Receives_a_close_between_fragments_and_the_message_is_lost()
    {
        var frames = Wire.Join(First("Hel"), Wire.Close(role, 1001, "leaving"), Last("lo"));
        Feeding.EveryWay(frames, role, heard => heard.Closed(1001, "leaving"));
    }

    [Test]
    public void A_message_lacking_its_last_fragment_is_mid_frame_and_unheard() =>
        Feeding.EveryWay(Wire.Join(First("Hel"), More("lo"), Wire.To(role, Opcode.Ping, "")), role, heard =>
        {
            heard.Events.Should().ContainSingle().Which.Kind.Should().Be(Ping);
            heard.IsMidFrame.Should().BeTrue();
        });

    [Test]
    public void Receives_a_continuation_of_nothing_and_fails()
    {
        Feeding.EveryWay(Last("lo"), role, heard => heard.FailedWith(1002, "continuation without", at: 1));
        Feeding.EveryWay(More("lo"), role, heard => heard.FailedWith(1002, "continuation without", at: 1));
    }

    [Test]
    public void Receives_a_continuation_after_the_last_fragment_and_fails()
    {
        var whole = Wire.Join(First("Hel"), Last("lo"));
        Feeding.EveryWay(Wire.Join(whole, Last("!")), role, heard => heard.FailedWith(1002, "continuation without", at: whole.Length + 1));
    }

    [TestCase(Opcode.Text)]
    [TestCase(Opcode.Binary)]
    public void Receives_a_new_message_inside_another_and_fails(Opcode opcode)
    {
        var first = First("Hel");
        Feeding.EveryWay(Wire.Join(first, Wire.To(role, opcode, "lo")), role,
            heard => heard.FailedWith(1002, "new message before", at: first.Length + 1));
    }

    [Test]
    public void Receives_fragments_that_together_exceed_the_limit_and_fails_at_the_length()
    {
        var first = Wire.Join(First("12345"), More("678"));
        Feeding.EveryWay(Wire.Join(first, Last("90")), role, heard => heard.Messages("1234567890"), limit: 10);
        Feeding.EveryWay(Wire.Join(first, Last("90a")), role,
            heard => heard.FailedWith(1009, "11 bytes; the limit is 10", at: first.Length + 2), limit: 10);
    }

    [Test]
    public void Fragments_that_exceed_the_limit_by_numbers_near_2_to_the_63_fail_too()
    {
        var first = First("12345");
        var huge = Wire.LongHeader(role, Opcode.Continuation, long.MaxValue, 8);
        Feeding.EveryWay(Wire.Join(first, huge), role,
            heard => heard.FailedWith(1009, "the limit is", at: first.Length + 10), int.MaxValue);
    }

    [Test]
    public void The_limit_holds_for_each_message_anew_and_not_for_control_frames()
    {
        var ping = Wire.To(role, Opcode.Ping, new string('p', 125));
        var frames = Wire.Join(First("12345"), ping, Last("67890"), First("12345"), ping, Last("67890"));
        Feeding.EveryWay(frames, role, heard => heard.Exactly(
            (Ping, new string('p', 125)), (Text, "1234567890"), (Ping, new string('p', 125)), (Text, "1234567890")), limit: 10);
    }

    [Test]
    public void Receives_as_many_empty_fragments_as_are_allowed_and_fails_at_the_next()
    {
        byte[] Empties(int count) => Wire.Join([First(""), .. Enumerable.Repeat(More(""), count - 1)]);

        Feeding.EveryWay(Wire.Join(Empties(WebSocketProtocol.MaxEmptyFragments), Last("x"), Empties(2), Last("y")), role,
            heard => heard.Messages("x", "y"));
        var tooMany = Empties(WebSocketProtocol.MaxEmptyFragments + 1);
        Feeding.EveryWay(Wire.Join(tooMany, More("")), role, heard => heard.FailedWith(1009, "empty fragments", at: tooMany.Length));
    }
}
