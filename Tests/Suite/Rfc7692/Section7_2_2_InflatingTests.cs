using System.IO.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>Section 7.2.2: inflating is correct, limited in size, and detects invalid data.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section7_2_2_InflatingTests(WebSocketRole role)
{
    private const int Limit = 10_000;

    private byte[] Compressed(byte[] message, CompressionLevel level = CompressionLevel.Optimal) =>
        Wire.Compressed(role, DeflateTestData.Deflate(message, level));

    private void FeedInAllSplits(byte[] frames, Action<ReceivedEvents> assert, int limit = Limit) =>
        ProtocolFeeder.FeedInAllSplits(frames, role, assert, limit, DeflateTestData.NoTakeover);

    [Test]
    public void Endpoint_receives_a_message_of_the_maximum_size_even_if_its_compressed_form_is_longer()
    {
        var compressible = Enumerable.Repeat((byte)'a', Limit).ToArray();
        FeedInAllSplits(Compressed(compressible), received => received.Events.Should().ContainSingle().Which.Payload.Should().Be(ReceivedEvents.ToHex(compressible)));

        // Incompressible data becomes longer, here by 1/8: each byte from 0x90 to 0xFF takes 9 bits in the fixed code.
        var incompressible = new byte[Limit];
        new Random(1).NextBytes(incompressible);
        for (var i = 0; i < Limit; i++) incompressible[i] |= 0x90;
        foreach (var level in Enum.GetValues<CompressionLevel>())
            ProtocolFeeder.FeedWhole(Wire.Compressed(role, DeflateTestData.Deflate(incompressible, level), opcode: Opcode.Binary), role, Limit, DeflateTestData.NoTakeover).ExpectBinary(incompressible);
        ProtocolFeeder.FeedWhole(Wire.Compressed(role, FixedCodeDeflater.Encode(incompressible), opcode: Opcode.Binary), role, Limit, DeflateTestData.NoTakeover).ExpectBinary(incompressible);
    }

    [TestCase(Limit + 1)]
    [TestCase(100 * Limit)]
    public void Endpoint_fails_the_connection_with_1009_on_an_inflated_message_over_the_limit(int length)
    {
        var frame = Compressed(new byte[length]);
        frame.Length.Should().BeLessThan(Limit);
        FeedInAllSplits(frame, received => received.ExpectFault(1009, $"at least {Limit + 1} bytes; the limit is {Limit}", frame.Length));
    }

    [Test]
    public void Endpoint_fails_the_connection_with_1009_on_a_stored_block_over_the_limit()
    {
        var frame = Wire.Compressed(role, Wire.Join(Stored(new byte[Limit - 1]), Stored([1, 2]), [0]));
        FeedInAllSplits(frame, received => received.ExpectFault(1009, $"at least {Limit + 1} bytes", frame.Length));
    }

    [Test]
    public void Endpoint_fails_the_connection_with_1009_at_the_header_of_a_compressed_frame_that_is_too_long()
    {
        var maxBytes = FrameReader.GetMaxCompressedBytes(Limit);
        var within = Wire.LongHeader(role, Opcode.Text, (ulong)maxBytes, 2);
        var beyond = Wire.LongHeader(role, Opcode.Text, (ulong)maxBytes + 1, 2);
        within[0] |= 0x40;
        beyond[0] |= 0x40;
        FeedInAllSplits(within, received => received.ExpectNothing());
        FeedInAllSplits(beyond, received => received.ExpectFault(1009, $"the limit is {Limit}", beyond.Length));
    }

    [Test]
    public void Endpoint_stops_at_the_limit_when_it_inflates_a_gigabyte()
    {
        // 64 KiB of zeros take about 80 bytes. The message repeats these bytes 16,384 times.
        var block = DeflateTestData.Deflate(new byte[64 * 1024]);
        var bomb = Wire.Compressed(role, Wire.Join([.. Enumerable.Repeat(Wire.Join(block, [0, 0, 0xFF, 0xFF]), 16 * 1024)]));
        using var endpoint = new WebSocketProtocol(role, 2 * 1024 * 1024, DeflateTestData.NoTakeover);
        bomb.Length.Should().BeLessThan(2 * 1024 * 1024, "the frame is within the limit, but it inflates to {0} bytes", 1024L * 1024 * 1024);

        var before = GC.GetAllocatedBytesForCurrentThread();
        endpoint.TryReceive(bomb, out _, out var e).Should().BeTrue();
        e.CloseCode.Should().Be(1009);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(16 * 1024 * 1024);
    }

    [TestCase("ff", TestName = "{m}(an unknown type of block)")]
    [TestCase("00 05 00 fa fe 48 65 6c 6c 6f 00", TestName = "{m}(a length that does not match its complement)")]
    [TestCase("00 05 00 fa ff 48 65", TestName = "{m}(a truncated stored block)")]
    [TestCase("f2 48 cd c9", TestName = "{m}(a truncated compressed block)")]
    [TestCase("", TestName = "{m}(no data)")]
    [TestCase("02 01 00", TestName = "{m}(an invalid length or distance)")]
    [TestCase("f2 00 11 00 00", TestName = "{m}(a distance before the beginning)")]
    [TestCase("04 00", TestName = "{m}(no code length code)")]
    [TestCase("fc ff ff ff", TestName = "{m}(too many codes)")]
    [TestCase("1b 03", TestName = "{m}(reserved symbols)")]
    public void Endpoint_fails_the_connection_with_1007_on_invalid_data(string hex)
    {
        var frame = Wire.Compressed(role, Wire.Hex(hex));
        FeedInAllSplits(frame, received => received.ExpectFault(1007, "DEFLATE", frame.Length));
    }

    [TestCase("c0 80")]
    [TestCase("41 ff")]
    [TestCase("e4 b8")]
    public void Endpoint_fails_the_connection_with_1007_on_inflated_text_that_is_not_UTF8(string hex)
    {
        var frame = Compressed(Wire.Hex(hex));
        FeedInAllSplits(frame, received => received.ExpectFault(1007, "UTF-8|ends inside".Split('|')[hex == "e4 b8" ? 1 : 0], frame.Length));
    }

    [Test]
    public void Endpoint_receives_text_whose_compressed_bytes_are_not_UTF8() =>
        FeedInAllSplits(Compressed(Wire.Utf8("κόσμε κόσμε κόσμε")), received => received.ExpectMessages("κόσμε κόσμε κόσμε"));

    private static byte[] Stored(byte[] bytes) =>
        Wire.Join([0, (byte)bytes.Length, (byte)(bytes.Length >> 8), (byte)~bytes.Length, (byte)(~bytes.Length >> 8)], bytes);
}
