using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Feeds the same bytes whole, split at every byte, and a byte at a time: what is heard is the same.</summary>
internal static class Feeding
{
    public const int Limit = 100_000;
    private const int LongInput = 2_000;

    public static void EveryWay(
        byte[] bytes, WebSocketRole role, Action<Heard> assert, int limit = Limit, DeflateParameters? deflate = null)
    {
        var whole = Whole(bytes, role, limit, deflate);
        assert(whole);
        foreach (var split in SplitsOf(bytes.Length))
            Same(Pieces(role, limit, deflate, bytes[..split], bytes[split..]), whole, $"split at {split}");
        Same(ByteByByte(bytes, role, limit, deflate), whole, "a byte at a time");
    }

    public static Heard Whole(byte[] bytes, WebSocketRole role, int limit = Limit, DeflateParameters? deflate = null) =>
        Pieces(role, limit, deflate, bytes);

    public static Heard ByteByByte(byte[] bytes, WebSocketRole role, int limit = Limit, DeflateParameters? deflate = null) =>
        Pieces(role, limit, deflate, [.. bytes.Select(b => new[] { b })]);

    public static Heard Pieces(WebSocketRole role, int limit, params byte[][] pieces) => Pieces(role, limit, null, pieces);

    public static Heard Pieces(WebSocketRole role, int limit, DeflateParameters? deflate, params byte[][] pieces)
    {
        using var endpoint = new WebSocketProtocol(role, limit, deflate);
        var events = new List<HeardEvent>();
        var offset = 0;
        foreach (var piece in pieces) Feed(endpoint, piece, events, ref offset);
        return new Heard(endpoint, events);
    }

    /// <summary>One call's worth of input, as a transport's loop gives it, with the promises about what is consumed.</summary>
    public static void Feed(WebSocketProtocol endpoint, ReadOnlySpan<byte> piece, List<HeardEvent> events, ref int offset)
    {
        int consumed;
        while (endpoint.TryReceive(piece, out consumed, out var e))
        {
            (consumed > 0 && consumed <= piece.Length).Should().BeTrue("an event takes at least its last byte");
            offset += consumed;
            piece = piece[consumed..];
            events.Add(new HeardEvent(e.Kind, Heard.Show(e.Payload.Span), e.CloseCode, e.Reason, offset));
        }
        consumed.Should().Be(piece.Length, "without an event all is consumed");
        offset += piece.Length;
    }

    public static IEnumerable<int> SplitsOf(int length) => length <= LongInput
        ? Enumerable.Range(0, length + 1)
        : Enumerable.Range(0, 64).Concat(Enumerable.Range(1, length / 4093).Select(i => i * 4093))
            .Concat(Enumerable.Range(length - 64, 65));

    private static void Same(Heard heard, Heard whole, string how)
    {
        if (!heard.Events.SequenceEqual(whole.Events)) heard.Events.Should().Equal(whole.Events, "it is the same input, {0}", how);
        (heard.IsMidFrame, heard.CloseReceived).Should().Be((whole.IsMidFrame, whole.CloseReceived), how);
        if (!heard.IsMidFrame) heard.HoldsNothing.Should().BeTrue("nothing is rented on an idle connection, {0}", how);
    }
}
