using System.Buffers;
using System.IO.Compression;
using System.Text;
using CsCheck;
using RawSocketChat.Protocol;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>What one end writes the other hears, and the inflater against the framework's.</summary>
public class RoundTripTests
{
    private const int Limit = 200_000;

    private static readonly string[] Words = ["hello ", "κόσμε ", "\U0001F600", "lobby ", "{\"type\":\"message\"}", "世界", "a", "\n"];

    /// <summary>Text with repeats near and far, now and then long, now and then without any pattern.</summary>
    private static readonly Gen<byte[]> Texts = Gen.Frequency<byte[]>(
        (6, Gen.OneOf(Words).Array[0, 60].Select(words => Encoding.UTF8.GetBytes(string.Concat(words)))),
        (2, Gen.Select(Gen.Int[0, 40_000], Gen.OneOf(Words)).Select((length, word) => Encoding.UTF8.GetBytes(new StringBuilder().Insert(0, word, length / word.Length).ToString()))),
        (2, Gen.Char['a', 'z'].Array[0, 3_000].Select(letters => Encoding.UTF8.GetBytes(letters))));

    private static readonly Gen<DeflateParameters> Parameters = Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[8, 15], Gen.Int[8, 15],
        Gen.Bool, (serverAnew, clientAnew, serverBits, clientBits, largest) => new DeflateParameters
        {
            ServerNoContextTakeover = serverAnew,
            ClientNoContextTakeover = clientAnew,
            ServerMaxWindowBits = largest ? 15 : serverBits,
            ClientMaxWindowBits = largest ? 15 : clientBits,
        });

    [Test]
    public void Whatever_was_agreed_on_messages_come_through_in_both_directions() =>
        Gen.Select(Gen.Bool, Parameters, Gen.Int[1, 9], Gen.Int[0, 100], Texts.Array[1, 8]).Sample((fromServer, agreed, level, least, messages) =>
    {
        var role = fromServer ? WebSocketRole.Server : WebSocketRole.Client;
        using var sender = new WebSocketProtocol(role, Limit, agreed) { DeflateLevel = level, DeflateMinBytes = least };
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages) sender.WriteMessage(output, Opcode.Text, message);
        var heard = Feeding.Whole(output.WrittenSpan.ToArray(), fromServer ? WebSocketRole.Client : WebSocketRole.Server, Limit, agreed);
        return heard.Events.All(e => e.Kind == WebSocketEventKind.Text)
            && heard.Events.Select(e => e.Payload).SequenceEqual(messages.Select(message => Heard.Show(message)));
    }, iter: 500);

    [Test]
    public void Any_fragments_with_pings_between_and_any_cuts_are_heard_as_the_messages_were() =>
        Gen.Select(Gen.Bool, Texts.Array[1, 5], Gen.Int[0, 400].Array[1, 12], Gen.Int[1, 700].Array[1, 40]).Sample((takeover, messages, cuts, sizes) =>
    {
        var agreed = takeover ? Agreed.Takeover : Agreed.NoTakeover;
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
        var heard = Feeding.Pieces(WebSocketRole.Server, Limit, agreed, [.. pieces]);
        var texts = heard.Events.Where(e => e.Kind == WebSocketEventKind.Text).Select(e => e.Payload);
        return heard.Events.Count == messages.Length * (cuts.Length + 1) && texts.SequenceEqual(messages.Select(message => Heard.Show(message)));
    }, iter: 500);

    [Test]
    public void The_inflater_reads_what_the_framework_writes_at_every_level() =>
        Gen.Select(Gen.OneOf(Texts, Gen.Byte.Array[0, 5_000]), Gen.Enum<CompressionLevel>()).Sample((message, level) =>
    {
        var (result, output) = Inflate(Agreed.Deflate(Wire.Join(message, [1]), level));
        return result == InflateResult.Done && output.SequenceEqual(Wire.Join(message, [1]));
    }, iter: 1_000);

    [Test]
    public void Of_damaged_data_it_says_what_the_framework_says() =>
        Gen.Select(Texts, Gen.Enum<CompressionLevel>(), Gen.Int[0, 60], Gen.Byte).Sample((message, level, place, value) =>
    {
        var deflated = Agreed.Deflate(Wire.Join(message, [1]), level);
        deflated[place % deflated.Length] = value;
        return Agrees(deflated);
    }, iter: 20_000);

    [Test]
    public void Of_noise_it_says_what_the_framework_says() => Gen.Byte.Array[1, 80].Sample(Agrees, iter: 20_000);

    // The framework does not mind data that is cut short, and sees nothing behind a final block: there ours may say more.
    private static bool Agrees(byte[] deflated)
    {
        var (result, output) = Inflate(deflated);
        if (result == InflateResult.TooBig) return true;
        var (isGood, theirs) = ByFramework(Wire.Join(deflated, [0, 0, 0xFF, 0xFF]));
        return result == InflateResult.Bad || (isGood && output.AsSpan().StartsWith(theirs));
    }

    private static (InflateResult Result, byte[] Output) Inflate(byte[] deflated)
    {
        var output = default(PooledBytes);
        var result = new Inflater(15, takeover: false).Inflate(Wire.Join(deflated, [0, 0, 0xFF, 0xFF]), ref output, Limit);
        var bytes = output.Memory.ToArray();
        output.Release();
        return (result, bytes);
    }

    private static (bool IsGood, byte[] Output) ByFramework(byte[] deflated)
    {
        using var inflater = new DeflateStream(new MemoryStream(deflated), CompressionMode.Decompress);
        using var output = new MemoryStream();
        try
        {
            inflater.CopyTo(output);
            return (true, output.ToArray());
        }
        catch (InvalidDataException)
        {
            return (false, output.ToArray());
        }
    }
}
