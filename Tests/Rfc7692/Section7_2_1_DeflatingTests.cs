using System.Buffers;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>7.1.1, 7.1.2 and 7.2.1: what is compressed, how far back it refers, and what is held for that.</summary>
public class Section7_2_1_DeflatingTests
{
    private const int Limit = 200_000;

    private static readonly byte[] Letters = RandomLetters(2_000);

    [Test]
    public void A_message_is_compressed_from_the_least_size_on([Values] WebSocketRole role)
    {
        using var sender = new WebSocketProtocol(role, 0, Agreed.NoTakeover) { DeflateMinBytes = 100 };
        IsCompressed(sender, new byte[99]).Should().BeFalse();
        IsCompressed(sender, new byte[100]).Should().BeTrue();
        using var byDefault = new WebSocketProtocol(role, 0, Agreed.NoTakeover);
        IsCompressed(byDefault, new byte[1023]).Should().BeFalse();
        IsCompressed(byDefault, new byte[1024]).Should().BeTrue();
    }

    [Test]
    public void Nothing_is_compressed_without_an_agreement([Values] WebSocketRole role)
    {
        using var sender = new WebSocketProtocol(role, 0);
        IsCompressed(sender, new byte[10_000]).Should().BeFalse();
    }

    [Test]
    public void A_message_that_would_not_become_smaller_goes_as_it_is_and_the_next_one_does_not_refer_to_it([Values] bool takeover)
    {
        using var deflater = new MessageDeflater(6, takeover: takeover);
        var noise = Noise(2_000);
        deflater.TryDeflate(noise, out _).Should().BeFalse();
        deflater.TryDeflate(Wire.Join(noise, Letters), out var deflated).Should().BeTrue();
        Feeding.Whole(Wire.Compressed(WebSocketRole.Client, deflated.ToArray(), opcode: Opcode.Binary), WebSocketRole.Client, Limit, Agreed.Takeover)
            .Binary(Wire.Join(noise, Letters));
        deflater.TryDeflate(default, out _).Should().BeFalse("an empty message can't become smaller");
    }

    [Test]
    public void With_takeover_a_repeated_message_costs_next_to_nothing_and_without_as_much_as_the_first()
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
    public void In_a_smaller_window_only_messages_that_fit_into_it_are_compressed_each_by_itself([Range(8, 14)] int bits)
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
    public void A_level_or_window_that_there_is_not_is_refused(int level, int bits) =>
        FluentActions.Invoking(() => new MessageDeflater(level, bits)).Should().Throw<ArgumentOutOfRangeException>();

    [Test]
    public void Between_messages_a_receiver_holds_nothing_without_takeover()
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, Limit, Agreed.NoTakeover);
        Receive(server, RandomLetters(50_000));
        server.WindowBytes.Should().Be(0);
    }

    [TestCase(8, 512)]
    [TestCase(10, 1024)]
    [TestCase(15, 32 * 1024)]
    public void Between_messages_a_receiver_holds_the_agreed_window_at_most_and_only_as_much_as_came(int bits, int most)
    {
        using var server = new WebSocketProtocol(WebSocketRole.Server, Limit, new DeflateParameters { ClientMaxWindowBits = bits });
        Receive(server, RandomLetters(100));
        server.WindowBytes.Should().Be(100);
        for (var i = 0; i < 40; i++) Receive(server, RandomLetters(5_000));
        server.WindowBytes.Should().Be(most);
    }

    [Test]
    public void A_window_reaches_back_over_several_messages_as_far_as_was_agreed_on()
    {
        var agreed = new DeflateParameters { ClientMaxWindowBits = 10 };
        var text = RandomLetters(256);
        // 256 bytes of the fixed code, then "the 8 bytes from N bytes ago".
        byte[] Messages(int between) => Wire.Join(
            Wire.Compressed(WebSocketRole.Server, FixedCode.Of(text)),
            Wire.Compressed(WebSocketRole.Server, FixedCode.Of(RandomLetters(between))),
            Wire.Compressed(WebSocketRole.Server, FixedCode.Repeat(length: 8, distance: between + 256)));

        ShouldReachBack(768, agreed);
        // Who builds on zlib and agrees to 8 bits sends as with 9.
        ShouldReachBack(256, agreed with { ClientMaxWindowBits = 8 });

        void ShouldReachBack(int between, DeflateParameters parameters)
        {
            Feeding.Whole(Messages(between), WebSocketRole.Server, Limit, parameters).Events[2].Payload.Should().Be(Heard.Show(text.AsSpan(0, 8)));
            Feeding.Whole(Messages(between + 1), WebSocketRole.Server, Limit, parameters).Events[2].CloseCode.Should().Be(1007);
        }
    }

    private static void Receive(WebSocketProtocol server, byte[] message)
    {
        server.TryReceive(Wire.Compressed(WebSocketRole.Server, Agreed.Deflate(message)), out _, out var e).Should().BeTrue();
        e.Payload.Span.SequenceEqual(message).Should().BeTrue();
    }

    private static bool IsCompressed(WebSocketProtocol sender, byte[] message)
    {
        var output = new ArrayBufferWriter<byte>();
        sender.WriteMessage(output, Opcode.Binary, message);
        return (output.WrittenSpan[0] & 0x40) != 0;
    }

    private static byte[] RandomLetters(int length)
    {
        var letters = Noise(length);
        for (var i = 0; i < length; i++) letters[i] = (byte)('a' + letters[i] % 26);
        return letters;
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
