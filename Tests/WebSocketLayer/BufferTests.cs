using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>What a connection holds, and for how long.</summary>
public class BufferTests
{
    private static readonly byte[] Text = Wire.To(WebSocketRole.Server, Opcode.Text, "Hello");

    [Test]
    public void A_payload_stays_valid_until_the_next_call()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Text, out _, out var e).Should().BeTrue();
        server.HoldsNothing.Should().BeFalse();
        e.Payload.ToArray().Should().Equal(Wire.Utf8("Hello"));

        server.TryReceive([], out _, out _).Should().BeFalse();
        server.HoldsNothing.Should().BeTrue();
    }

    [Test]
    public void A_ping_between_fragments_does_not_disturb_what_they_hold()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Text, "Hel", final: false), out _, out _).Should().BeFalse();
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Ping, "ping"), out _, out var ping).Should().BeTrue();
        ping.Payload.ToArray().Should().Equal(Wire.Utf8("ping"));
        server.TryReceive(Wire.To(WebSocketRole.Server, Opcode.Continuation, "lo"), out _, out var text).Should().BeTrue();
        text.Payload.ToArray().Should().Equal(Wire.Utf8("Hello"));
    }

    [Test]
    public void Disposing_gives_everything_back_and_ends_the_hearing()
    {
        var server = new WebSocketProtocol(WebSocketRole.Server, 100);
        server.TryReceive(Text.AsSpan(0, 8), out _, out _).Should().BeFalse();
        server.HoldsNothing.Should().BeFalse();
        server.Dispose();
        server.HoldsNothing.Should().BeTrue();
        server.IsMidFrame.Should().BeFalse();
        server.TryReceive(Text, out var consumed, out _).Should().BeFalse();
        consumed.Should().Be(Text.Length);
        server.Dispose();
    }

    [Test]
    public void Receiving_a_message_that_grows_costs_no_array_of_its_own()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, 100_000);
        var frame = Wire.To(WebSocketRole.Server, Opcode.Binary, new byte[60_000]);
        void Receive()
        {
            for (var i = 0; i < frame.Length; i += 1000)
                server.TryReceive(frame.AsSpan(i, Math.Min(1000, frame.Length - i)), out _, out _);
        }
        Receive();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1000, "the pool lends the arrays");
    }

    [Test]
    public void A_negative_limit_is_refused() =>
        FluentActions.Invoking(() => new WebSocketProtocol(WebSocketRole.Server, -1)).Should().Throw<ArgumentOutOfRangeException>();
}
