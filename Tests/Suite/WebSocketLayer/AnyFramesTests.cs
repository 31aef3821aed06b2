using System.Buffers;
using CsCheck;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Random input never causes an exception. The events do not depend on where the input is split.</summary>
public class AnyFramesTests
{
    private const int Limit = 300;

    private static readonly Gen<WebSocketRole> Roles = Gen.OneOf(WebSocketRole.Server, WebSocketRole.Client);

    private static readonly Gen<byte[]> Payloads = Gen.Frequency<byte[]>(
        (4, Gen.String[Gen.Char.AlphaNumeric, 0, 20].Select(Wire.Utf8)),
        (2, Gen.OneOf("é世\U0001F600", "κόσμε", "").Select(Wire.Utf8)),
        (2, Gen.Byte.Array[0, 12]),
        (1, Gen.Int[100, 310].Select(length => new byte[length])),
        (1, Gen.OneOf(1000, 1005, 4000, 999).Select(code => new[] { (byte)(code >> 8), (byte)code })));

    /// <summary>Generates mostly valid frames, so that a sequence contains several frames before the first fault.</summary>
    private static Gen<byte[]> Frames(WebSocketRole role) => Gen.Select(
        Gen.Frequency<int>((6, Gen.OneOf(1, 2, 0, 0)), (4, Gen.OneOf(9, 10)), (1, Gen.Const(8)), (1, Gen.Int[0, 15])),
        Payloads,
        Gen.Int[0, 9],
        Gen.Frequency<int>((30, Gen.Const(0)), (1, Gen.Int[1, 7])),
        Gen.Frequency<bool>((30, Gen.Const(role == WebSocketRole.Server)), (1, Gen.Bool)),
        Gen.UInt,
        (opcode, payload, final, reserved, masked, key) => Wire.Frame(opcode, payload, final > 3 || opcode > 7, masked, reserved, key));

    private static readonly Gen<(WebSocketRole Role, byte[] Bytes)> Sequences =
        Roles.SelectMany(role => Gen.Frequency<byte[]>((20, Frames(role)), (1, Gen.Byte.Array[0, 20])).Array[0, 14]
            .Select(frames => (role, Wire.Join(frames))));

    [Test]
    public void Bytes_fed_one_at_a_time_give_the_same_events() => Sequences.Sample((role, bytes) =>
        Agree(ProtocolFeeder.FeedWhole(bytes, role, Limit), ProtocolFeeder.FeedByteByByte(bytes, role, Limit)), iter: 5_000);

    [Test]
    public void Bytes_fed_in_any_pieces_give_the_same_events() => Gen.Select(Sequences, Gen.Int[1, 60].Array[0, 40]).Sample((sequence, sizes) =>
    {
        var pieces = new List<byte[]>();
        var rest = sequence.Bytes;
        foreach (var size in sizes.TakeWhile(_ => rest.Length > 0))
        {
            pieces.Add(rest[..Math.Min(size, rest.Length)]);
            rest = rest[Math.Min(size, rest.Length)..];
        }
        pieces.Add(rest);
        return Agree(ProtocolFeeder.FeedWhole(sequence.Bytes, sequence.Role, Limit), ProtocolFeeder.FeedPieces(sequence.Role, Limit, [.. pieces]));
    }, iter: 5_000);

    [Test]
    public void Random_bytes_never_cause_an_exception() =>
        Gen.Select(Roles, Gen.Byte.Array[0, 400]).Sample((role, bytes) =>
    {
        var received = ProtocolFeeder.FeedWhole(bytes, role, Limit);
        return Agree(received, ProtocolFeeder.FeedByteByByte(bytes, role, Limit))
            && received.Events.SkipLast(1).All(e => e.Kind is not (WebSocketEventKind.Fault or WebSocketEventKind.Close));
    }, iter: 5_000);

    [Test]
    public void Receiver_gets_the_messages_that_the_sender_writes_in_both_directions() =>
        Gen.Select(Roles, Gen.Byte.Array[0, Limit].Array[0, 8]).Sample((role, payloads) =>
    {
        using var sender = new WebSocketProtocol(role, Limit);
        var output = new ArrayBufferWriter<byte>();
        foreach (var payload in payloads) sender.WriteMessage(output, Opcode.Binary, payload);
        var receiver = role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;
        var received = ProtocolFeeder.FeedWhole(output.WrittenSpan.ToArray(), receiver, Limit);
        return received.Events.Select(e => e.Payload).SequenceEqual(payloads.Select(payload => ReceivedEvents.ToHex(payload)))
            && received.Events.All(e => e.Kind == WebSocketEventKind.Binary);
    });

    private static bool Agree(ReceivedEvents one, ReceivedEvents other) =>
        one.Events.SequenceEqual(other.Events) && one.IsMidFrame == other.IsMidFrame && one.CloseReceived == other.CloseReceived
        && (one.IsMidFrame || (one.HoldsNothing && other.HoldsNothing));
}
