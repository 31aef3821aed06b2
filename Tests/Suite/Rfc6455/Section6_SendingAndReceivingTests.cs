using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Protocol.WebSocket.WebSocketEventKind;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 6: the receiver reads what the sender wrote.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section6_SendingAndReceivingTests(WebSocketRole sender)
{
    private WebSocketRole Receiver => sender == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(125)]
    [TestCase(126)]
    [TestCase(4095)]
    [TestCase(4097)]
    [TestCase(65535)]
    [TestCase(65536)]
    [TestCase(99_999)]
    public void Endpoint_sends_a_message_of_any_size_in_one_final_frame(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)(i * 13)).ToArray();
        using var endpoint = new WebSocketProtocol(sender, 0);
        var output = new ArrayBufferWriter<byte>();
        endpoint.WriteMessage(output, Opcode.Binary, payload);

        output.WrittenCount.Should().Be(FrameWriter.GetHeaderSize(length) + (sender == WebSocketRole.Client ? 4 : 0) + length);
        output.WrittenSpan[0].Should().Be(0x82);
        ProtocolFeeder.FeedInAllSplits(output.WrittenSpan.ToArray(), Receiver, received => received.ExpectBinary(payload));
    }

    [Test]
    public void Endpoint_writes_a_correct_frame_into_an_output_that_returns_only_small_buffers()
    {
        var payload = Enumerable.Range(0, 1000).Select(i => (byte)i).ToArray();
        for (var pieceBytes = FrameHeader.MaxSize; pieceBytes < 40; pieceBytes++)
        {
            var output = new SmallPieceWriter(pieceBytes);
            using var endpoint = new WebSocketProtocol(sender, 0);
            endpoint.WriteMessage(output, Opcode.Binary, payload);
            ProtocolFeeder.FeedWhole([.. output.Written], Receiver).ExpectBinary(payload);
        }
    }

    [Test]
    public void Endpoint_sends_messages_and_control_frames_in_order()
    {
        using var endpoint = new WebSocketProtocol(sender, 0);
        var output = new ArrayBufferWriter<byte>();
        endpoint.WriteMessage(output, Opcode.Text, "one"u8);
        endpoint.WritePing(output, "two"u8);
        endpoint.WriteMessage(output, Opcode.Binary, "three"u8);
        endpoint.WritePong(output, "four"u8);
        ProtocolFeeder.FeedInAllSplits(output.WrittenSpan.ToArray(), Receiver,
            received => received.ExpectEvents((Text, "one"), (Ping, "two"), (Binary, "three"), (Pong, "four")));
    }

    [TestCase(Opcode.Continuation)]
    [TestCase(Opcode.Close)]
    [TestCase(Opcode.Ping)]
    [TestCase((Opcode)3)]
    public void Endpoint_refuses_to_send_a_message_that_is_neither_text_nor_binary(Opcode opcode)
    {
        using var endpoint = new WebSocketProtocol(sender, 0);
        FluentActions.Invoking(() => endpoint.WriteMessage(new ArrayBufferWriter<byte>(), opcode, default))
            .Should().Throw<ArgumentOutOfRangeException>();
    }

    [Test]
    public void Frame_writer_creates_the_frame_that_a_server_writes()
    {
        foreach (var length in new[] { 0, 125, 126, 5000, 65535, 65536 })
        {
            var output = new ArrayBufferWriter<byte>();
            using var server = new WebSocketProtocol(WebSocketRole.Server, 0);
            server.WriteMessage(output, Opcode.Binary, new byte[length]);
            FrameWriter.CreateFrame(Opcode.Binary, new byte[length]).Should().Equal(output.WrittenSpan.ToArray());
        }
    }

    [Test]
    public void Frame_writer_refuses_invalid_frames()
    {
        var output = new ArrayBufferWriter<byte>();
        FluentActions.Invoking(() => FrameWriter.CreateFrame(Opcode.Ping, new byte[126])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => FrameWriter.CreateFrame((Opcode)11, default)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => FrameWriter.Write(output, Opcode.Close, default, final: false)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => FrameWriter.GetHeaderSize(-1)).Should().Throw<ArgumentOutOfRangeException>();
        output.WrittenCount.Should().Be(0);
    }

    /// <summary>An output that returns only small buffers, so that payloads are split at many positions.</summary>
    private sealed class SmallPieceWriter(int pieceBytes) : IBufferWriter<byte>
    {
        private byte[] _piece = [];
        public List<byte> Written { get; } = [];

        public void Advance(int count) => Written.AddRange(_piece.AsSpan(0, count));

        // Returns less than the requested size, because the frame writer must not depend on the size hint.
        public Memory<byte> GetMemory(int sizeHint = 0) => _piece = new byte[pieceBytes];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
