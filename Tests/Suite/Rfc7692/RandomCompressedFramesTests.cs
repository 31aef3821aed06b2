using CsCheck;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>
/// Random frames on a connection with compression. No frame causes an exception, and the result does not depend on where the input is
/// split.
/// </summary>
[Category(Categories.Slow)] // tests many random messages
public class RandomCompressedFramesTests
{
    private const int Limit = 300;

    private static readonly Gen<byte[]> Payloads = Gen.Frequency<byte[]>(
        (4, Gen.String[Gen.Char.AlphaNumeric, 0, 40].Select(text => DeflateTestData.Deflate(Wire.Utf8(text + "!")))),
        (2, Gen.Int[250, 310].Select(length => DeflateTestData.Deflate(new byte[length]))),
        (2, Gen.OneOf("f2 48 cd c9 c9 07 00", "f2 00 11 00 00", "f3 48 cd c9 c9 07 00 00", "00 05 00 fa ff 48 65 6c 6c 6f 00", "00").Select(Wire.Hex)),
        (1, Gen.Byte.Array[0, 12]));

    private static readonly Gen<byte[]> Frames = Gen.Select(
        Gen.Frequency<int>((6, Gen.OneOf(1, 2, 0)), (2, Gen.OneOf(9, 10))),
        Payloads,
        Gen.Int[0, 9],
        Gen.Frequency<int>((10, Gen.Const(4)), (3, Gen.Const(0)), (1, Gen.Int[1, 7])),
        Gen.UInt,
        // Sets RSV1 mostly on frames that may have RSV1.
        (opcode, payload, final, reserved, key) =>
            Wire.Frame(opcode, payload, final > 3 || opcode > 7, masked: true, reserved == 4 && opcode is not (1 or 2) && final < 9 ? 0 : reserved, key));

    private static readonly Gen<byte[]> Sequences = Frames.Array[0, 12].Select(frames => Wire.Join(frames));

    [Test]
    public void Server_reads_the_same_events_from_any_split_of_the_input() => Gen.Select(Sequences, Gen.Bool, Gen.Int[1, 60].Array[0, 40]).Sample((bytes, takeover, sizes) =>
    {
        var agreed = takeover ? DeflateTestData.Takeover : DeflateTestData.NoTakeover;
        var pieces = new List<byte[]>();
        var rest = bytes;
        foreach (var size in sizes)
        {
            pieces.Add(rest[..Math.Min(size, rest.Length)]);
            rest = rest[Math.Min(size, rest.Length)..];
        }
        pieces.Add(rest);
        var whole = ProtocolFeeder.FeedWhole(bytes, WebSocketRole.Server, Limit, agreed);
        return whole.Events.All(e => e.Payload.Length <= 2 * Limit)
            && AreEqual(whole, ProtocolFeeder.FeedPieces(WebSocketRole.Server, Limit, agreed, [.. pieces]))
            && AreEqual(whole, ProtocolFeeder.FeedByteByByte(bytes, WebSocketRole.Server, Limit, agreed));
    }, iter: 5_000);

    private static bool AreEqual(ReceivedEvents one, ReceivedEvents other) =>
        one.Events.SequenceEqual(other.Events) && one.IsMidFrame == other.IsMidFrame
        && (one.IsMidFrame || (one.HoldsNothing && other.HoldsNothing));
}
