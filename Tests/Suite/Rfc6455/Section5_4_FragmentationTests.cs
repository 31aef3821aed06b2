using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.4: fragmented messages, with control frames between the fragments.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_4_FragmentationTests(WebSocketRole role)
{
    private byte[] First(string text) => Wire.To(role, Opcode.Text, text, final: false);
    private byte[] More(string text) => Wire.To(role, Opcode.Continuation, text, final: false);
    private byte[] Last(string text) => Wire.To(role, Opcode.Continuation, text);

    [Test]
    public void Endpoint_receives_a_message_in_two_fragments() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Join(First("Hel"), Last("lo")), role, received => received.ExpectMessages("Hello"));

    [Test]
    public void Endpoint_receives_a_message_in_many_fragments_of_one_byte()
    {
        var text = string.Concat(Enumerable.Range(0, 50).Select(i => (char)('a' + i % 26)));
        var frames = Wire.Join([First(""), .. text.Select(c => More(c.ToString())), Last("")]);
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectMessages(text));
    }

    [Test]
    public void Endpoint_receives_a_message_of_empty_fragments_as_an_empty_message() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Join(First(""), More(""), Last("")), role, received => received.ExpectMessages(""));

    [Test]
    public void Endpoint_receives_binary_fragments_that_are_not_UTF8()
    {
        var frames = Wire.Join(Wire.To(role, Opcode.Binary, [0xFF, 0xC0], final: false), Wire.To(role, Opcode.Continuation, [0x80]));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectBinary([0xFF, 0xC0, 0x80]));
    }

    [Test]
    public void Endpoint_receives_pings_and_pongs_between_fragments_before_the_message()
    {
        var frames = Wire.Join(First("He"), Wire.To(role, Opcode.Ping, "one"), More("ll"), Wire.To(role, Opcode.Pong, "two"),
            Wire.To(role, Opcode.Ping, ""), Last("o"));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectEvents((Ping, "one"), (Pong, "two"), (Ping, ""), (Text, "Hello")));
    }

    [Test]
    public void Endpoint_receives_a_close_between_fragments_and_drops_the_message()
    {
        var frames = Wire.Join(First("Hel"), Wire.Close(role, 1001, "leaving"), Last("lo"));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectClose(1001, "leaving"));
    }

    [Test]
    public void Endpoint_reports_no_message_before_the_last_fragment() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Join(First("Hel"), More("lo"), Wire.To(role, Opcode.Ping, "")), role, received =>
        {
            received.Events.Should().ContainSingle().Which.Kind.Should().Be(Ping);
            received.IsMidFrame.Should().BeTrue();
        });

    [Test]
    public void Endpoint_receives_a_continuation_without_a_message_and_fails_the_connection()
    {
        ProtocolFeeder.FeedInAllSplits(Last("lo"), role, received => received.ExpectFault(1002, "continuation frame without", at: 1));
        ProtocolFeeder.FeedInAllSplits(More("lo"), role, received => received.ExpectFault(1002, "continuation frame without", at: 1));
    }

    [Test]
    public void Endpoint_receives_a_continuation_after_the_last_fragment_and_fails_the_connection()
    {
        var whole = Wire.Join(First("Hel"), Last("lo"));
        ProtocolFeeder.FeedInAllSplits(Wire.Join(whole, Last("!")), role, received => received.ExpectFault(1002, "continuation frame without", at: whole.Length + 1));
    }

    [TestCase(Opcode.Text)]
    [TestCase(Opcode.Binary)]
    public void Endpoint_receives_a_new_message_inside_another_and_fails_the_connection(Opcode opcode)
    {
        var first = First("Hel");
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Wire.To(role, opcode, "lo")), role,
            received => received.ExpectFault(1002, "new message before", at: first.Length + 1));
    }

    [Test]
    public void Endpoint_receives_fragments_that_together_exceed_the_limit_and_fails_the_connection_at_the_length_field()
    {
        var first = Wire.Join(First("12345"), More("678"));
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Last("90")), role, received => received.ExpectMessages("1234567890"), limit: 10);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Last("90a")), role,
            received => received.ExpectFault(1009, "11 bytes; the limit is 10", at: first.Length + 2), limit: 10);
    }

    [Test]
    public void Endpoint_receives_a_fragment_with_a_length_near_2_to_the_63_and_fails_the_connection()
    {
        var first = First("12345");
        var huge = Wire.LongHeader(role, Opcode.Continuation, long.MaxValue, 8);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, huge), role,
            received => received.ExpectFault(1009, "the limit is", at: first.Length + 10), int.MaxValue);
    }

    [Test]
    public void Endpoint_applies_the_limit_to_each_message_and_not_to_control_frames()
    {
        var ping = Wire.To(role, Opcode.Ping, new string('p', 125));
        var frames = Wire.Join(First("12345"), ping, Last("67890"), First("12345"), ping, Last("67890"));
        ProtocolFeeder.FeedInAllSplits(frames, role, received => received.ExpectEvents(
            (Ping, new string('p', 125)), (Text, "1234567890"), (Ping, new string('p', 125)), (Text, "1234567890")), limit: 10);
    }

    [Test]
    public void Endpoint_receives_the_maximum_number_of_empty_fragments_and_fails_the_connection_at_the_next_fragment()
    {
        byte[] CreateEmptyFragments(int count) => Wire.Join([First(""), .. Enumerable.Repeat(More(""), count - 1)]);

        ProtocolFeeder.FeedInAllSplits(Wire.Join(CreateEmptyFragments(WebSocketProtocol.MaxEmptyFragments), Last("x"), CreateEmptyFragments(2), Last("y")), role,
            received => received.ExpectMessages("x", "y"));
        var tooMany = CreateEmptyFragments(WebSocketProtocol.MaxEmptyFragments + 1);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(tooMany, More("")), role, received => received.ExpectFault(1009, "empty fragments", at: tooMany.Length));
    }
}
