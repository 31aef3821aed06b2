using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketRole;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>5.1: a client masks every frame, a server none.</summary>
public class Section5_1_OverviewTests
{
    private static readonly Opcode[] Frames = [Opcode.Text, Opcode.Binary, Opcode.Ping, Opcode.Pong, Opcode.Close];

    [TestCaseSource(nameof(Frames))]
    public void Server_receives_an_unmasked_frame_and_fails(Opcode opcode) =>
        Feeding.EveryWay(Wire.Frame((byte)opcode, Wire.Utf8("Hello"), masked: false), WebSocketRole.Server,
            heard => heard.FailedWith(1002, "client frame without mask", at: 2));

    [TestCaseSource(nameof(Frames))]
    public void Client_receives_a_masked_frame_and_fails(Opcode opcode) =>
        Feeding.EveryWay(Wire.Frame((byte)opcode, Wire.Utf8("Hello"), masked: true), Client,
            heard => heard.FailedWith(1002, "server frame with mask", at: 2));

    [Test]
    public void Server_receives_an_unmasked_continuation_and_fails()
    {
        var first = Wire.To(WebSocketRole.Server, Opcode.Text, "Hel", final: false);
        Feeding.EveryWay(Wire.Join(first, Wire.Frame(0, Wire.Utf8("lo"))), WebSocketRole.Server,
            heard => heard.FailedWith(1002, "without mask", first.Length + 2));
    }

    [Test]
    public void Server_receives_an_empty_unmasked_frame_and_fails() =>
        Feeding.EveryWay(Wire.Hex("81 00"), WebSocketRole.Server, heard => heard.FailedWith(1002, "without mask", at: 2));

    [Test]
    public void Server_receives_a_mask_of_zeros_and_hears_the_text() =>
        Feeding.EveryWay(Wire.Frame(1, Wire.Utf8("Hello"), masked: true, key: 0), WebSocketRole.Server, heard => heard.Messages("Hello"));

    [Test]
    public void After_the_fault_nothing_more_is_heard()
    {
        var good = Wire.To(WebSocketRole.Server, Opcode.Text, "Hello");
        Feeding.EveryWay(Wire.Join(good, Wire.Hex("81 00"), good, good), WebSocketRole.Server, heard =>
        {
            heard.Events.Should().HaveCount(2);
            heard.FailedWith(1002, "without mask", at: good.Length + 2);
        });
    }
}
