using System.Buffers;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Sections 7.1.1, 7.1.2 and 7.2.1: which messages are compressed, and how the window is used.</summary>
public class Section7_2_1_DeflatingTests
{
    private const int Limit = 200_000;

    private static readonly byte[] Letters = CreateRandomLetters(2_000);

    [Test]
    public void Endpoint_compresses_only_messages_of_at_least_the_minimum_size([Values] WebSocketRole role)
    {
        using var sender = new WebSocketProtocol(role, 0, DeflateTestData.NoTakeover) { DeflateMinBytes = 100 };
        IsCompressed(sender, new byte[99]).Should().BeFalse();
        IsCompressed(sender, new byte[100]).Should().BeTrue();
        using var withDefaults = new WebSocketProtocol(role, 0, DeflateTestData.NoTakeover);
        IsCompressed(withDefaults, new byte[1023]).Should().BeFalse();
        IsCompressed(withDefaults, new byte[1024]).Should().BeTrue();
    }

    [Test]
    public void Endpoint_without_an_agreement_compresses_nothing([Values] WebSocketRole role)
    {
        using var sender = new WebSocketProtocol(role, 0);
        IsCompressed(sender, new byte[10_000]).Should().BeFalse();
    }

    [Test]
    public void Deflater_skips_an_incompressible_message_and_later_messages_do_not_refer_to_it([Values] bool takeover)
    {
        using var deflater = new MessageDeflater(6, takeover: takeover);
        var randomBytes = CreateRandomBytes(2_000);
        deflater.TryDeflate(randomBytes, out _).Should().BeFalse();
        deflater.TryDeflate(Wire.Join(randomBytes, Letters), out var deflated).Should().BeTrue();
        ProtocolFeeder.FeedWhole(Wire.Compressed(WebSocketRole.Client, deflated.ToArray(), opcode: Opcode.Binary), WebSocketRole.Client, Limit, DeflateTestData.Takeover)
            .ExpectBinary(Wire.Join(randomBytes, Letters));
        deflater.TryDeflate(default, out _).Should().BeFalse("an empty message cannot become smaller");
    }

    [Test]
    public void Repeated_message_is_much_smaller_only_with_context_takeover()
    {
        Sizes(takeover: true).Second.Should().BeLessThan(Sizes(takeover: true).First / 10);
        Sizes(takeover: false).Second.Should().Be(Sizes(takeover: false).First);

        static (int First, int Second) Sizes(bool takeover)
        {
            using var deflater = new MessageDeflater(6, takeover: takeover);
            deflater.TryDeflate(Letters, out var first).Should().BeTrue();
            var size = first.Length;
            deflater.TryDeflate(Letters, out var second).Should().BeTrue();
            return (size, second.Length);
        }
    }

    [Test]
    public void Deflater_with_a_smaller_window_compresses_each_message_separately_and_only_if_it_fits([Range(8, 14)] int bits)
    {
        using var deflater = new MessageDeflater(6, bits, takeover: true);
        deflater.TryDeflate(new byte[1 << bits], out var first).Should().BeTrue();
        var size = first.Length;
        deflater.TryDeflate(new byte[1 << bits], out var second).Should().BeTrue();
        second.Length.Should().Be(size);
        deflater.TryDeflate(new byte[(1 << bits) + 1], out _).Should().BeFalse();
    }

    [TestCase(0, 15)]
    [TestCase(10, 15)]
    [TestCase(6, 7)]
    [TestCase(6, 16)]
    public void Deflater_refuses_an_invalid_level_or_window_size(int level, int bits) =>
        FluentActions.Invoking(() => new MessageDeflater(level, bits)).Should().Throw<ArgumentOutOfRangeException>();

    [Test]
    public void Receiver_without_context_takeover_keeps_no_window()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, Limit, DeflateTestData.NoTakeover);
        Receive(server, CreateRandomLetters(50_000));
        server.WindowBytes.Should().Be(0);
    }

    [TestCase(8, 512)]
    [TestCase(10, 1024)]
    [TestCase(15, 32 * 1024)]
    public void Receiver_keeps_all_received_bytes_up_to_the_size_of_the_agreed_window(int bits, int expected)
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, Limit, new DeflateParameters { ClientMaxWindowBits = bits });
        Receive(server, CreateRandomLetters(100));
        server.WindowBytes.Should().Be(100);
        for (var i = 0; i < 40; i++) Receive(server, CreateRandomLetters(5_000));
        server.WindowBytes.Should().Be(expected);
    }

    [Test]
    public void Message_may_refer_to_an_earlier_message_within_the_agreed_window()
    {
        var agreed = new DeflateParameters { ClientMaxWindowBits = 10 };
        var text = CreateRandomLetters(256);
        // The first message has 256 letters, and the second has other letters. The third is a match that repeats the first 8 of the 256 letters.
        byte[] Messages(int between) => Wire.Join(
            Wire.Compressed(WebSocketRole.Server, FixedCodeDeflater.Encode(text)),
            Wire.Compressed(WebSocketRole.Server, FixedCodeDeflater.Encode(CreateRandomLetters(between))),
            Wire.Compressed(WebSocketRole.Server, FixedCodeDeflater.EncodeMatch(length: 8, distance: between + 256)));

        ShouldReachBack(768, agreed);
        // A sender that uses zlib may agree to a window of 8 bits but then use a window of 9 bits.
        ShouldReachBack(256, agreed with { ClientMaxWindowBits = 8 });

        void ShouldReachBack(int between, DeflateParameters parameters)
        {
            ProtocolFeeder.FeedWhole(Messages(between), WebSocketRole.Server, Limit, parameters).Events[2].Payload.Should().Be(ReceivedEvents.ToHex(text.AsSpan(0, 8)));
            ProtocolFeeder.FeedWhole(Messages(between + 1), WebSocketRole.Server, Limit, parameters).Events[2].CloseCode.Should().Be(1007);
        }
    }

    private static void Receive(WebSocketProtocol server, byte[] message)
    {
        server.TryReceive(Wire.Compressed(WebSocketRole.Server, DeflateTestData.Deflate(message)), out _, out var e).Should().BeTrue();
        e.Payload.Span.SequenceEqual(message).Should().BeTrue();
    }

    private static bool IsCompressed(WebSocketProtocol sender, byte[] message)
    {
        var output = new ArrayBufferWriter<byte>();
        sender.WriteMessage(output, Opcode.Binary, message);
        return (output.WrittenSpan[0] & 0x40) != 0;
    }

    private static byte[] CreateRandomLetters(int length)
    {
        var letters = CreateRandomBytes(length);
        for (var i = 0; i < length; i++) letters[i] = (byte)('a' + letters[i] % 26);
        return letters;
    }

    private static byte[] CreateRandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
