using System.Buffers;
using CsCheck;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Whatever comes: it does not throw, and means the same however it is cut.</summary>
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

    /// <summary>Mostly right frames, so that a sequence gets somewhere before it fails.</summary>
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
    public void A_byte_at_a_time_is_heard_as_the_whole_is() => Sequences.Sample((role, bytes) =>
        Agree(Feeding.Whole(bytes, role, Limit), Feeding.ByteByByte(bytes, role, Limit)), iter: 5_000);

    [Test]
    public void Any_cuts_are_heard_as_the_whole_is() => Gen.Select(Sequences, Gen.Int[1, 60].Array[0, 40]).Sample((sequence, sizes) =>
    {
        var pieces = new List<byte[]>();
        var rest = sequence.Bytes;
        foreach (var size in sizes.TakeWhile(_ => rest.Length > 0))
        {
            pieces.Add(rest[..Math.Min(size, rest.Length)]);
            rest = rest[Math.Min(size, rest.Length)..];
        }
        pieces.Add(rest);
        return Agree(Feeding.Whole(sequence.Bytes, sequence.Role, Limit), Feeding.Pieces(sequence.Role, Limit, [.. pieces]));
    }, iter: 5_000);

    [Test]
    public void Pure_noise_ends_in_a_fault_or_in_waiting_and_never_in_an_exception() =>
        Gen.Select(Roles, Gen.Byte.Array[0, 400]).Sample((role, bytes) =>
    {
        var heard = Feeding.Whole(bytes, role, Limit);
        return Agree(heard, Feeding.ByteByByte(bytes, role, Limit))
            && heard.Events.SkipLast(1).All(e => e.Kind is not (WebSocketEventKind.Fault or WebSocketEventKind.Close));
    }, iter: 5_000);

    [Test]
    public void What_one_end_writes_the_other_hears_in_both_directions() =>
        Gen.Select(Roles, Gen.Byte.Array[0, Limit].Array[0, 8]).Sample((role, payloads) =>
    {
        using var sender = new WebSocketProtocol(role, Limit);
        var output = new ArrayBufferWriter<byte>();
        foreach (var payload in payloads) sender.WriteMessage(output, Opcode.Binary, payload);
        var receiver = role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;
        var heard = Feeding.Whole(output.WrittenSpan.ToArray(), receiver, Limit);
        return heard.Events.Select(e => e.Payload).SequenceEqual(payloads.Select(payload => Heard.Show(payload)))
            && heard.Events.All(e => e.Kind == WebSocketEventKind.Binary);
    });

    private static bool Agree(Heard one, Heard other) =>
        one.Events.SequenceEqual(other.Events) && one.IsMidFrame == other.IsMidFrame && one.CloseReceived == other.CloseReceived
        && (one.IsMidFrame || (one.HoldsNothing && other.HoldsNothing));
}
