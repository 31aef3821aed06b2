using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.2: the bits of the header, and the three encodings of the length.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section5_2_BaseFramingTests(WebSocketRole role)
{
    private int KeyBytes => role == WebSocketRole.Server ? 4 : 0;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(125)]
    [TestCase(126)]
    [TestCase(127)]
    [TestCase(128)]
    [TestCase(65535)]
    [TestCase(65536)]
    [TestCase(65537)]
    public void Endpoint_receives_a_binary_message_at_each_boundary_of_the_length_encodings(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)(i * 31)).ToArray();
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Binary, payload), role, received => received.ExpectBinary(payload));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(4)]
    [TestCase(7)]
    public void Endpoint_receives_a_reserved_bit_and_fails_the_connection_at_the_first_byte(int reserved)
    {
        var frame = Wire.Frame(1, Wire.Utf8("Hello"), reserved: reserved, masked: role == WebSocketRole.Server);
        ProtocolFeeder.FeedInAllSplits(frame, role, received => received.ExpectFault(1002, "reserved bit", at: 1));
    }

    [TestCase(1)]
    [TestCase(4)]
    public void Endpoint_receives_a_reserved_bit_in_a_control_frame_or_continuation_and_fails_the_connection(int reserved)
    {
        var masked = role == WebSocketRole.Server;
        ProtocolFeeder.FeedInAllSplits(Wire.Frame(9, [], reserved: reserved, masked: masked), role,
            received => received.ExpectFault(1002, "reserved bit", at: 1));
        var first = Wire.To(role, Opcode.Text, "Hel", final: false);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Wire.Frame(0, [], reserved: reserved, masked: masked)), role,
            received => received.ExpectFault(1002, "reserved bit", at: first.Length + 1));
    }

    [TestCase(3)]
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(7)]
    [TestCase(11)]
    [TestCase(12)]
    [TestCase(13)]
    [TestCase(14)]
    [TestCase(15)]
    public void Endpoint_receives_a_reserved_opcode_and_fails_the_connection_at_the_first_byte(int opcode)
    {
        var masked = role == WebSocketRole.Server;
        ProtocolFeeder.FeedInAllSplits(Wire.Frame(opcode, [], masked: masked), role, received => received.ExpectFault(1002, "reserved opcode", at: 1));
        ProtocolFeeder.FeedInAllSplits(Wire.Frame(opcode, [], final: false, masked: masked), role,
            received => received.ExpectFault(1002, "reserved opcode", at: 1));
    }

    [TestCase(0UL, 2)]
    [TestCase(125UL, 2)]
    [TestCase(0UL, 8)]
    [TestCase(125UL, 8)]
    [TestCase(126UL, 8)]
    [TestCase(65535UL, 8)]
    public void Endpoint_receives_a_length_that_is_not_in_the_shortest_form_and_fails_the_connection(ulong length, int lengthBytes) =>
        ProtocolFeeder.FeedInAllSplits(Wire.LongHeader(role, Opcode.Text, length, lengthBytes), role,
            received => received.ExpectFault(1002, "length encoded in more bytes", at: 2 + lengthBytes));

    [TestCase(0x8000_0000_0000_0000UL)]
    [TestCase(0x8000_0000_0000_0001UL)]
    [TestCase(ulong.MaxValue)]
    public void Endpoint_receives_a_length_with_its_highest_bit_set_and_fails_the_connection_with_1009(ulong length) =>
        ProtocolFeeder.FeedInAllSplits(Wire.LongHeader(role, Opcode.Binary, length, 8), role,
            received => received.ExpectFault(1009, "highest bit", at: 10), int.MaxValue);

    [TestCase(1UL << 30)]
    [TestCase((ulong)int.MaxValue)]
    [TestCase(1UL << 31)]
    [TestCase(1UL << 32)]
    [TestCase((1UL << 32) + 5)]
    [TestCase((1UL << 63) - 1)]
    public void Endpoint_receives_a_declared_length_over_the_limit_and_fails_the_connection_before_any_payload(ulong length) =>
        ProtocolFeeder.FeedInAllSplits(Wire.LongHeader(role, Opcode.Binary, length, 8), role, received => received.ExpectFault(1009, $"{length} bytes", at: 10));

    [TestCase(100, 101, 2)]
    [TestCase(0, 1, 2)]
    [TestCase(1000, 1001, 4)]
    [TestCase(70000, 70001, 10)]
    public void Endpoint_receives_a_frame_that_is_one_byte_too_long_and_fails_the_connection_at_the_length_field(int limit, int length, int headerBytes)
    {
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Binary, new byte[length]), role,
            received => received.ExpectFault(1009, $"the limit is {limit}", at: headerBytes), limit);
        ProtocolFeeder.FeedInAllSplits(Wire.To(role, Opcode.Binary, new byte[limit]), role, received => received.ExpectBinary(new byte[limit]), limit);
    }

    [Test]
    public void Endpoint_rents_no_buffer_for_a_large_declared_length_before_the_payload_arrives()
    {
        using var endpoint = new WebSocketProtocol(role, int.MaxValue);
        var header = Wire.Join(Wire.LongHeader(role, Opcode.Binary, 1 << 30, 8), new byte[KeyBytes]);

        endpoint.TryReceive(header, out _, out _).Should().BeFalse();
        endpoint.IsMidFrame.Should().BeTrue();
        endpoint.HoldsNoBuffer.Should().BeTrue("the buffer grows with the received bytes, not with the declared length");

        endpoint.TryReceive(new byte[1], out _, out _).Should().BeFalse();
        endpoint.HoldsNoBuffer.Should().BeFalse();
    }

    [Test]
    public void Endpoint_reports_no_event_for_an_incomplete_frame()
    {
        var frame = Wire.To(role, Opcode.Text, "Hello");
        for (var length = 1; length < frame.Length; length++)
            ProtocolFeeder.FeedInAllSplits(frame[..length], role, received => received.ExpectNothing().IsMidFrame.Should().BeTrue());
        ProtocolFeeder.FeedInAllSplits([], role, received => received.ExpectNothing().IsMidFrame.Should().BeFalse());
    }
}
