using System.Buffers;
using System.Text;
using CsCheck;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Random messages from a sender to a receiver, with compression.</summary>
[Category(Categories.Slow)] // tests many random messages
public class RoundTripTests
{
    private const int Limit = 200_000;

    private static readonly string[] Words = ["hello ", "κόσμε ", "\U0001F600", "lobby ", "{\"type\":\"message\"}", "世界", "a", "\n"];

    /// <summary>Generates text with near and far repeats, long text, or letters without a pattern.</summary>
    private static readonly Gen<byte[]> Texts = Gen.Frequency<byte[]>(
        (6, Gen.OneOf(Words).Array[0, 60].Select(words => Encoding.UTF8.GetBytes(string.Concat(words)))),
        (2, Gen.Select(Gen.Int[0, 40_000], Gen.OneOf(Words)).Select((length, word) => Encoding.UTF8.GetBytes(new StringBuilder().Insert(0, word, length / word.Length).ToString()))),
        (2, Gen.Char['a', 'z'].Array[0, 3_000].Select(letters => Encoding.UTF8.GetBytes(letters))));

    private static readonly Gen<DeflateParameters> Parameters = Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[8, 15], Gen.Int[8, 15],
        Gen.Bool, (serverNoTakeover, clientNoTakeover, serverBits, clientBits, largest) => new DeflateParameters
        {
            ServerNoContextTakeover = serverNoTakeover,
            ClientNoContextTakeover = clientNoTakeover,
            ServerMaxWindowBits = largest ? 15 : serverBits,
            ClientMaxWindowBits = largest ? 15 : clientBits,
        });

    [Test]
    public void Receiver_reads_the_messages_of_the_sender_with_any_parameters() =>
        Gen.Select(Gen.Bool, Parameters, Gen.Int[1, 9], Gen.Int[0, 100], Texts.Array[1, 8]).Sample((fromServer, agreed, level, minBytes, messages) =>
    {
        var role = fromServer ? WebSocketRole.Server : WebSocketRole.Client;
        using var sender = new WebSocketProtocol(role, Limit, agreed) { DeflateLevel = level, DeflateMinBytes = minBytes };
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages) sender.WriteMessage(output, Opcode.Text, message);
        var received = ProtocolFeeder.FeedWhole(output.WrittenSpan.ToArray(), fromServer ? WebSocketRole.Client : WebSocketRole.Server, Limit, agreed);
        return received.Events.All(e => e.Kind == WebSocketEventKind.Text)
            && received.Events.Select(e => e.Payload).SequenceEqual(messages.Select(message => ReceivedEvents.ToHex(message)));
    }, iter: 500);

    [Test]
    public void Server_reads_fragmented_messages_and_pings_from_any_split_of_the_input() =>
        Gen.Select(Gen.Bool, Texts.Array[1, 5], Gen.Int[0, 400].Array[1, 12], Gen.Int[1, 700].Array[1, 40]).Sample((takeover, messages, cuts, sizes) =>
    {
        var agreed = takeover ? DeflateTestData.Takeover : DeflateTestData.NoTakeover;
        using var deflater = new MessageDeflater(6, takeover: takeover);
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
        {
            var isCompressed = deflater.TryDeflate(message, out var payload);
            if (!isCompressed) payload = message;
            var opcode = Opcode.Text;
            foreach (var cut in cuts)
            {
                var part = payload[..Math.Min(cut, payload.Length)];
                FrameWriter.Write(output, opcode, part, Wire.Key, final: false, compressed: isCompressed && opcode == Opcode.Text);
                FrameWriter.Write(output, Opcode.Ping, "p"u8, Wire.Key);
                payload = payload[part.Length..];
                opcode = Opcode.Continuation;
            }
            FrameWriter.Write(output, opcode, payload, Wire.Key);
        }

        var rest = output.WrittenSpan.ToArray();
        var pieces = new List<byte[]>();
        foreach (var size in sizes)
        {
            pieces.Add(rest[..Math.Min(size, rest.Length)]);
            rest = rest[Math.Min(size, rest.Length)..];
        }
        pieces.Add(rest);
        var received = ProtocolFeeder.FeedPieces(WebSocketRole.Server, Limit, agreed, [.. pieces]);
        var texts = received.Events.Where(e => e.Kind == WebSocketEventKind.Text).Select(e => e.Payload);
        return received.Events.Count == messages.Length * (cuts.Length + 1) && texts.SequenceEqual(messages.Select(message => ReceivedEvents.ToHex(message)));
    }, iter: 500);
}
