using System.IO.Compression;
using System.Text;
using RawSocketChat.Protocol;
using RawSocketChat.Protocol.Compression;
using RawSocketChat.Tests.Rfc7692;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Compression;

/// <summary>
/// Compares the inflater with the framework's <see cref="DeflateStream"/> on valid, corrupt and random data. The data is seeded, so every
/// run tests the same cases.
/// </summary>
[Category(Categories.Slow)] // tests many random messages
public sealed class InflaterDifferentialTests
{
    private const int Limit = 100_000;

    // RFC 7692, 7.2.2: the receiver appends these bytes to each message.
    private static readonly byte[] Tail = [0x00, 0x00, 0xFF, 0xFF];

    [TestCase(CompressionLevel.NoCompression)]
    [TestCase(CompressionLevel.Fastest)]
    [TestCase(CompressionLevel.Optimal)]
    [TestCase(CompressionLevel.SmallestSize)]
    public void Inflater_and_DeflateStream_return_the_same_message_for_valid_data(CompressionLevel level)
    {
        var random = new Random(7692);
        for (var round = 0; round < 300; round++)
        {
            var message = CreateMessage(random);
            byte[] data = [.. DeflateTestData.Deflate(message, level), .. Tail];
            var (result, output) = Inflate(data);
            result.Should().Be(InflateResult.Done, "round {0}", round);
            output.AsSpan().SequenceEqual(message).Should().BeTrue("round {0}", round);
            InflateWithFramework(data).Output.AsSpan().SequenceEqual(message).Should().BeTrue("round {0}", round);
        }
    }

    [Test]
    public void Inflater_and_DeflateStream_return_the_same_messages_with_context_takeover()
    {
        var random = new Random(1951);
        for (var round = 0; round < 50; round++)
        {
            using var compressed = new MemoryStream();
            using var deflater = new DeflateStream(compressed, CompressionLevel.Optimal, leaveOpen: true);
            var inflater = new Inflater(15, takeover: true);
            var messages = new MemoryStream();
            for (var i = 0; i < 8; i++)
            {
                var start = (int)compressed.Length;
                var message = CreateMessage(random);
                messages.Write(message);
                deflater.Write(message);
                deflater.Flush();
                var (result, output) = Inflate(inflater, compressed.ToArray()[start..]);
                result.Should().Be(InflateResult.Done, "round {0}, message {1}", round, i);
                output.AsSpan().SequenceEqual(message).Should().BeTrue("round {0}, message {1}", round, i);
            }

            InflateWithFramework(compressed.ToArray(), maxBytes: int.MaxValue).Output.AsSpan().SequenceEqual(messages.ToArray()).Should().BeTrue("round {0}", round);
        }
    }

    [Test]
    public void Inflater_rejects_corrupt_data_that_DeflateStream_rejects()
    {
        var random = new Random(6455);
        var levels = Enum.GetValues<CompressionLevel>();
        var accepted = 0;
        const int rounds = 10_000;
        for (var round = 0; round < rounds; round++)
        {
            var deflated = DeflateTestData.Deflate(CreateMessage(random, maxWords: 40), levels[random.Next(levels.Length)]);
            if (ExpectAgreement([.. Corrupt(random, deflated), .. Tail], round)) accepted++;
        }

        accepted.Should().BeInRange(rounds / 20, rounds - rounds / 20, "the inflater accepts some of the corrupt data and rejects some of it");
    }

    [Test]
    public void Inflater_rejects_random_data_that_DeflateStream_rejects()
    {
        var random = new Random(8441);
        for (var round = 0; round < 20_000; round++)
        {
            var data = new byte[random.Next(1, 80)];
            random.NextBytes(data);
            ExpectAgreement([.. data, .. Tail], round);
        }
    }

    /// <summary>
    /// Checks that DeflateStream accepts what the inflater accepts, and that both outputs begin with the same bytes. DeflateStream also accepts
    /// truncated data, which the inflater may reject. DeflateStream ignores bytes after a final block, and the inflater may inflate these bytes.
    /// </summary>
    /// <returns>Whether the inflater accepted the data.</returns>
    private static bool ExpectAgreement(byte[] data, int round)
    {
        var (result, output) = Inflate(data);
        var (isValid, expected) = InflateWithFramework(data);
        if (result == InflateResult.Done)
        {
            isValid.Should().BeTrue("DeflateStream accepts the data of round {0}: {1}", round, Convert.ToHexString(data));
            output.AsSpan().StartsWith(expected).Should().BeTrue("the output begins with the output of DeflateStream in round {0}: {1}", round, Convert.ToHexString(data));
        }

        var common = Math.Min(output.Length, expected.Length);
        output.AsSpan(0, common).SequenceEqual(expected.AsSpan(0, common)).Should().BeTrue("both outputs begin with the same bytes in round {0}: {1}", round, Convert.ToHexString(data));
        return result == InflateResult.Done;
    }

    /// <summary>Creates text with near and far repeats, letters without a pattern, or random bytes.</summary>
    private static byte[] CreateMessage(Random random, int maxWords = 2_000)
    {
        string[] words = ["hello ", "κόσμε ", "\U0001F600", "lobby ", "{\"type\":\"message\"}", "世界", "a", "\n"];
        var message = new byte[random.Next(1, 10 * maxWords)];
        switch (random.Next(4))
        {
            case 0:
                random.NextBytes(message);
                return message;
            case 1:
                for (var i = 0; i < message.Length; i++) message[i] = (byte)random.Next('a', 'z' + 1);
                return message;
            default:
                var text = new StringBuilder("-");
                for (var count = random.Next(maxWords); count > 0; count--) text.Append(words[random.Next(words.Length)]);
                return Encoding.UTF8.GetBytes(text.ToString());
        }
    }

    /// <summary>Changes a bit or a byte, truncates the data, or inserts or removes a byte.</summary>
    private static byte[] Corrupt(Random random, byte[] data)
    {
        var position = random.Next(Math.Min(data.Length, 200));
        switch (random.Next(5))
        {
            case 0:
                data[position] ^= (byte)(1 << random.Next(8));
                return data;
            case 1:
                data[position] = (byte)random.Next(256);
                return data;
            case 2:
                return data[..position];
            case 3:
                return [.. data[..position], (byte)random.Next(256), .. data[position..]];
            default:
                return [.. data[..position], .. data[(position + 1)..]];
        }
    }

    private static (InflateResult Result, byte[] Output) Inflate(byte[] data) => Inflate(new Inflater(15, takeover: false), data);

    private static (InflateResult Result, byte[] Output) Inflate(Inflater inflater, byte[] data)
    {
        var output = default(PooledBytes);
        var result = inflater.Inflate(data, ref output, Limit);
        var bytes = output.Memory.ToArray();
        output.Release();
        return (result, bytes);
    }

    private static (bool IsValid, byte[] Output) InflateWithFramework(byte[] data, int maxBytes = Limit)
    {
        using var inflater = new DeflateStream(new MemoryStream(data), CompressionMode.Decompress);
        using var output = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (output.Length < maxBytes && inflater.Read(buffer) is > 0 and var count) output.Write(buffer, 0, count);
            return (true, output.ToArray());
        }
        catch (InvalidDataException)
        {
            return (false, output.ToArray());
        }
    }
}
