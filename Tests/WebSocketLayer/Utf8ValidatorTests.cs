using System.Buffers;
using System.Text;
using System.Text.Unicode;
using CsCheck;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>The incremental validator against .NET's decoder.</summary>
public class Utf8ValidatorTests
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Random bytes are hardly ever nearly text: these are, with the borders of every row of Unicode's table 3-7.</summary>
    private static readonly Gen<byte[]> NearlyText = Gen.OneOf<byte[]>(
        Gen.Byte.Array[0, 4],
        Gen.OneOf<byte>(0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF).Array[0, 5],
        Gen.OneOf("é", "߿", "ࠀ", "世", "\uFFFF", "\U00010000", "\U0001F600", "\U0010FFFF").Select(Encoding.UTF8.GetBytes),
        Gen.Int[0, 70].Select(length => Encoding.UTF8.GetBytes(new string('a', length))))
        .Array[0, 12].Select(parts => parts.SelectMany(part => part).ToArray());

    [Test]
    public void It_finds_the_byte_that_the_decoder_finds() => NearlyText.Sample(Agrees, iter: 20_000);

    [Test]
    public void It_agrees_on_every_sequence_of_two_bytes_and_every_border_of_three()
    {
        for (var first = 0; first < 256; first++)
            for (var second = 0; second < 256; second++)
            {
                Agrees([(byte)first, (byte)second]).Should().BeTrue("{0:X2} {1:X2}", first, second);
                foreach (byte third in new[] { 0x7F, 0x80, 0xBF, 0xC0 })
                    if (!Agrees([(byte)first, (byte)second, third, 0x80])) Assert.Fail($"{first:X2} {second:X2} {third:X2} 80");
            }
    }

    [Test]
    public void It_finds_a_bad_byte_at_every_place_of_a_long_run_of_ascii()
    {
        for (var length = 1; length <= 140; length++)
            for (var place = 0; place < length; place++)
            {
                var bytes = Encoding.ASCII.GetBytes(new string('a', length));
                bytes[place] = 0xFF;
                default(Utf8Validator).FindBad(bytes).Should().Be(place);
            }
    }

    /// <summary>Whole and in any two pieces: the place of the first bad byte, or whether the text may end.</summary>
    private static bool Agrees(byte[] bytes)
    {
        var expected = ByDecoder(bytes);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var validator = default(Utf8Validator);
            var bad = validator.FindBad(bytes.AsSpan(0, split));
            if (bad < 0)
            {
                bad = validator.FindBad(bytes.AsSpan(split));
                if (bad >= 0) bad += split;
            }
            if ((bad, bad >= 0 || validator.IsAtBoundary) != expected) return false;
        }
        return true;
    }

    /// <summary>The first prefix that is neither text nor the beginning of one ends in the first bad byte.</summary>
    private static (int Bad, bool Whole) ByDecoder(byte[] bytes)
    {
        var whole = true;
        for (var i = 0; i < bytes.Length;)
        {
            var status = Rune.DecodeFromUtf8(bytes.AsSpan(i), out _, out var length);
            if (status == OperationStatus.InvalidData)
            {
                // The bytes before the bad one could have been continued.
                length = 1;
                while (Rune.DecodeFromUtf8(bytes.AsSpan(i, length), out _, out _) == OperationStatus.NeedMoreData) length++;
                return (i + length - 1, true);
            }
            whole = status == OperationStatus.Done;
            i += length;
        }
        var strict = true;
        try { _ = Strict.GetCharCount(bytes); }
        catch (DecoderFallbackException) { strict = false; }
        strict.Should().Be(whole, "two parts of .NET agree");
        Utf8.IsValid(bytes).Should().Be(whole);
        return (-1, whole);
    }
}
