using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Feeds the same bytes whole, in two pieces with many splits, and one byte at a time. The events must be the same.</summary>
internal static class ProtocolFeeder
{
    public const int Limit = 100_000;
    private const int LongInput = 2_000;

    public static void FeedInAllSplits(
        byte[] bytes, WebSocketRole role, Action<ReceivedEvents> assert, int limit = Limit, DeflateParameters? deflate = null)
    {
        var whole = FeedWhole(bytes, role, limit, deflate);
        assert(whole);
        foreach (var split in GetSplits(bytes.Length))
            ExpectSame(FeedPieces(role, limit, deflate, bytes[..split], bytes[split..]), whole, $"split at {split}");
        ExpectSame(FeedByteByByte(bytes, role, limit, deflate), whole, "a byte at a time");
    }

    public static ReceivedEvents FeedWhole(byte[] bytes, WebSocketRole role, int limit = Limit, DeflateParameters? deflate = null) =>
        FeedPieces(role, limit, deflate, bytes);

    public static ReceivedEvents FeedByteByByte(byte[] bytes, WebSocketRole role, int limit = Limit, DeflateParameters? deflate = null) =>
        FeedPieces(role, limit, deflate, [.. bytes.Select(b => new[] { b })]);

    public static ReceivedEvents FeedPieces(WebSocketRole role, int limit, params byte[][] pieces) => FeedPieces(role, limit, null, pieces);

    public static ReceivedEvents FeedPieces(WebSocketRole role, int limit, DeflateParameters? deflate, params byte[][] pieces)
    {
        using var endpoint = new WebSocketProtocol(role, limit, deflate);
        var events = new List<ReceivedEvent>();
        var offset = 0;
        foreach (var piece in pieces) Feed(endpoint, piece, events, ref offset);
        return new ReceivedEvents(endpoint, events);
    }

    /// <summary>Feeds one piece of input as a transport's loop does, and checks the number of consumed bytes.</summary>
    public static void Feed(WebSocketProtocol endpoint, ReadOnlySpan<byte> piece, List<ReceivedEvent> events, ref int offset)
    {
        int consumed;
        while (endpoint.TryReceive(piece, out consumed, out var e))
        {
            (consumed > 0 && consumed <= piece.Length).Should().BeTrue("an event consumes at least its last byte");
            offset += consumed;
            piece = piece[consumed..];
            events.Add(new ReceivedEvent(e.Kind, ReceivedEvents.ToHex(e.Payload.Span), e.CloseCode, e.Reason, offset));
        }
        consumed.Should().Be(piece.Length, "without an event all bytes are consumed");
        offset += piece.Length;
    }

    public static IEnumerable<int> GetSplits(int length) => length <= LongInput
        ? Enumerable.Range(0, length + 1)
        : Enumerable.Range(0, 64).Concat(Enumerable.Range(1, length / 4093).Select(i => i * 4093))
            .Concat(Enumerable.Range(length - 64, 65));

    private static void ExpectSame(ReceivedEvents received, ReceivedEvents whole, string split)
    {
        if (!received.Events.SequenceEqual(whole.Events)) received.Events.Should().Equal(whole.Events, "the input is the same, {0}", split);
        (received.IsMidFrame, received.CloseReceived).Should().Be((whole.IsMidFrame, whole.CloseReceived), split);
        if (!received.IsMidFrame) received.HoldsNothing.Should().BeTrue("an idle connection holds no buffer, {0}", split);
    }
}
