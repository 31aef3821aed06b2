using System.Buffers;
using System.Text;
using System.Text.Unicode;
using CsCheck;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Compares the incremental validator with .NET's decoder.</summary>
public class Utf8ValidatorTests
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Bytes that are nearly valid UTF-8, with the boundary values of every row of Unicode's table 3-7.</summary>
    private static readonly Gen<byte[]> NearlyText = Gen.OneOf<byte[]>(
        Gen.Byte.Array[0, 4],
        Gen.OneOf<byte>(0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF).Array[0, 5],
        Gen.OneOf("é", "߿", "ࠀ", "世", "\uFFFF", "\U00010000", "\U0001F600", "\U0010FFFF").Select(Encoding.UTF8.GetBytes),
        Gen.Int[0, 70].Select(length => Encoding.UTF8.GetBytes(new string('a', length))))
        .Array[0, 12].Select(parts => parts.SelectMany(part => part).ToArray());

    [Test]
    public void Validator_finds_the_same_bad_byte_as_the_decoder() => NearlyText.Sample(Agrees, iter: 20_000);

    [Test]
    public void Validator_agrees_with_the_decoder_on_all_pairs_of_bytes_followed_by_boundary_values()
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
    public void Validator_finds_a_bad_byte_at_every_position_of_a_long_ASCII_text()
    {
        for (var length = 1; length <= 140; length++)
            for (var place = 0; place < length; place++)
            {
                var bytes = Encoding.ASCII.GetBytes(new string('a', length));
                bytes[place] = 0xFF;
                default(Utf8Validator).FindInvalid(bytes).Should().Be(place);
            }
    }

    /// <summary>
    /// Feeds the bytes whole, and in two pieces with every split. Compares the position of the first bad byte. If there is no bad byte,
    /// compares whether the text may end after the last byte.
    /// </summary>
    private static bool Agrees(byte[] bytes)
    {
        var expected = ByDecoder(bytes);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var validator = default(Utf8Validator);
            var bad = validator.FindInvalid(bytes.AsSpan(0, split));
            if (bad < 0)
            {
                bad = validator.FindInvalid(bytes.AsSpan(split));
                if (bad >= 0) bad += split;
            }
            if ((bad, bad >= 0 || validator.IsAtBoundary) != expected) return false;
        }
        return true;
    }

    /// <summary>
    /// Finds the first bad byte with .NET's decoder: the first byte after which the bytes so far are no longer the beginning of a valid text.
    /// </summary>
    private static (int Bad, bool Whole) ByDecoder(byte[] bytes)
    {
        var whole = true;
        for (var i = 0; i < bytes.Length;)
        {
            var status = Rune.DecodeFromUtf8(bytes.AsSpan(i), out _, out var length);
            if (status == OperationStatus.InvalidData)
            {
                // The bytes before the bad byte are the beginning of a valid sequence.
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
        strict.Should().Be(whole, "both decoders of .NET agree");
        Utf8.IsValid(bytes).Should().Be(whole);
        return (-1, whole);
    }
}
