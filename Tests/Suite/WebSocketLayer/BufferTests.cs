using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>The buffers that a connection rents, and the time when it returns them.</summary>
public class BufferTests
{
    private static readonly byte[] Text = Wire.To(WebSocketRole.Server, Opcode.Text, "Hello");

    [Test]
    public void Payload_stays_valid_until_the_next_call()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Text, out _, out var e).Should().BeTrue();
        server.HoldsNoBuffer.Should().BeFalse();
        e.Payload.ToArray().Should().Equal(Wire.Utf8("Hello"));

        server.TryReceive([], out _, out _).Should().BeFalse();
        server.HoldsNoBuffer.Should().BeTrue();
    }

    [Test]
    public void Ping_between_fragments_does_not_change_the_message()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Text, "Hel", final: false), out _, out _).Should().BeFalse();
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Ping, "ping"), out _, out var ping).Should().BeTrue();
        ping.Payload.ToArray().Should().Equal(Wire.Utf8("ping"));
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Continuation, "lo"), out _, out var text).Should().BeTrue();
        text.Payload.ToArray().Should().Equal(Wire.Utf8("Hello"));
    }

    [Test]
    public void Dispose_returns_all_buffers_and_ends_receiving()
    {
        var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Text.AsSpan(0, 8), out _, out _).Should().BeFalse();
        server.HoldsNoBuffer.Should().BeFalse();
        server.Dispose();
        server.HoldsNoBuffer.Should().BeTrue();
        server.IsMidFrame.Should().BeFalse();
        server.TryReceive(Text, out var consumed, out _).Should().BeFalse();
        consumed.Should().Be(Text.Length);
        server.Dispose();
    }

    [Test]
    public void Receiving_a_large_message_allocates_no_array()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100_000);
        var frame = Wire.To(WebSocketRole.Server, Opcode.Binary, new byte[60_000]);
        Allocations.MeasureLeast(Receive).Should().BeLessThan(1000, "the arrays come from the pool");

        void Receive()
        {
            for (var i = 0; i < frame.Length; i += 1000)
                server.TryReceive(frame.AsSpan(i, Math.Min(1000, frame.Length - i)), out _, out _);
        }
    }

    [Test]
    public void Constructor_rejects_a_negative_limit() =>
        FluentActions.Invoking(() => new WebSocketProtocol(WebSocketRole.Server, -1)).Should().Throw<ArgumentOutOfRangeException>();
}
