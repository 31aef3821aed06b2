using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketRole;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 5.1: a client masks every frame, and a server masks none.</summary>
public class Section5_1_OverviewTests
{
    private static readonly Opcode[] Frames = [Opcode.Text, Opcode.Binary, Opcode.Ping, Opcode.Pong, Opcode.Close];

    [TestCaseSource(nameof(Frames))]
    public void Server_receives_an_unmasked_frame_and_fails_the_connection(Opcode opcode) =>
        ProtocolFeeder.FeedInAllSplits(Wire.Frame((byte)opcode, Wire.Utf8("Hello"), masked: false), WebSocketRole.Server,
            received => received.ExpectFault(1002, "client frame without mask", at: 2));

    [TestCaseSource(nameof(Frames))]
    public void Client_receives_a_masked_frame_and_fails_the_connection(Opcode opcode) =>
        ProtocolFeeder.FeedInAllSplits(Wire.Frame((byte)opcode, Wire.Utf8("Hello"), masked: true), Client,
            received => received.ExpectFault(1002, "server frame with mask", at: 2));

    [Test]
    public void Server_receives_an_unmasked_continuation_and_fails_the_connection()
    {
        var first = Wire.To(WebSocketRole.Server, Opcode.Text, "Hel", final: false);
        ProtocolFeeder.FeedInAllSplits(Wire.Join(first, Wire.Frame(0, Wire.Utf8("lo"))), WebSocketRole.Server,
            received => received.ExpectFault(1002, "without mask", first.Length + 2));
    }

    [Test]
    public void Server_receives_an_empty_unmasked_frame_and_fails_the_connection() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Hex("81 00"), WebSocketRole.Server, received => received.ExpectFault(1002, "without mask", at: 2));

    [Test]
    public void Server_receives_text_with_a_masking_key_of_zeros() =>
        ProtocolFeeder.FeedInAllSplits(Wire.Frame(1, Wire.Utf8("Hello"), masked: true, key: 0), WebSocketRole.Server, received => received.ExpectMessages("Hello"));

    [Test]
    public void Server_reads_nothing_after_the_fault()
    {
        var good = Wire.To(WebSocketRole.Server, Opcode.Text, "Hello");
        ProtocolFeeder.FeedInAllSplits(Wire.Join(good, Wire.Hex("81 00"), good, good), WebSocketRole.Server, received =>
        {
            received.Events.Should().HaveCount(2);
            received.ExpectFault(1002, "without mask", at: good.Length + 2);
        });
    }
}
