using CsCheck;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Compares the vectorised masking with the bytewise algorithm of RFC 6455, section 5.3.</summary>
public class MaskingTests
{
    private const uint Key = 0x1F2E3D4C;

    [Test]
    public void Masking_matches_the_bytewise_algorithm_for_every_length_alignment_and_phase()
    {
        var bytes = Enumerable.Range(0, 200).Select(i => (byte)(i * 37 + 11)).ToArray();
        for (var length = 0; length <= 150; length++)
            for (var start = 0; start < 36; start++)
                for (var phase = 0; phase < 4; phase++)
                {
                    var destination = new byte[200];
                    Masking.Apply(bytes.AsSpan(start, length), destination.AsSpan(40 - start, length), Key, phase);

                    var expected = Wire.Masked([.. new byte[phase], .. bytes[start..(start + length)]], Key)[phase..];
                    destination.AsSpan(40 - start, length)
                        .SequenceEqual(expected).Should().BeTrue("length {0}, start {1}, phase {2}", length, start, phase);
                    destination.Count(b => b != 0).Should().BeLessThanOrEqualTo(length, "nothing is written outside the destination");
                }
    }

    [Test]
    public void Masking_in_place_gives_the_same_result_and_masking_twice_restores_the_input() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.UInt, Gen.Int[0, 3]).Sample((bytes, key, phase) =>
        {
            var apart = new byte[bytes.Length];
            Masking.Apply(bytes, apart, key, phase);
            var inPlace = bytes.ToArray();
            Masking.Apply(inPlace, inPlace, key, phase);
            if (!inPlace.SequenceEqual(apart)) return false;
            Masking.Apply(inPlace, inPlace, key, phase);
            return inPlace.SequenceEqual(bytes);
        });

    [Test]
    public void Masking_keys_do_not_repeat() =>
        Enumerable.Range(0, 2000).Select(_ => MaskingKeys.Next()).Distinct().Should().HaveCountGreaterThan(1990);
}
