using System.IO.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc7692;

/// <summary>7.2.2: what comes out of a compressed message is bounded, checked, and nothing else than what went in.</summary>
[TestFixture(WebSocketRole.Server)]
[TestFixture(WebSocketRole.Client)]
public class Section7_2_2_InflatingTests(WebSocketRole role)
{
    private const int Limit = 10_000;

    private byte[] Compressed(byte[] message, CompressionLevel level = CompressionLevel.Optimal) =>
        Wire.Compressed(role, Agreed.Deflate(message, level));

    private void EveryWay(byte[] frames, Action<Heard> assert, int limit = Limit) =>
        Feeding.EveryWay(frames, role, assert, limit, Agreed.NoTakeover);

    [Test]
    public void A_message_just_within_the_limit_comes_through_whatever_its_size_on_the_wire()
    {
        var likely = Enumerable.Repeat((byte)'a', Limit).ToArray();
        EveryWay(Compressed(likely), heard => heard.Events.Should().ContainSingle().Which.Payload.Should().Be(Heard.Show(likely)));

        // What can't be compressed becomes longer: here by 1/8, since each byte beyond ASCII takes 9 bits of the fixed code.
        var unlikely = new byte[Limit];
        new Random(1).NextBytes(unlikely);
        for (var i = 0; i < Limit; i++) unlikely[i] |= 0x90;
        foreach (var level in Enum.GetValues<CompressionLevel>())
            Feeding.Whole(Wire.Compressed(role, Agreed.Deflate(unlikely, level), opcode: Opcode.Binary), role, Limit, Agreed.NoTakeover).Binary(unlikely);
        Feeding.Whole(Wire.Compressed(role, FixedCode.Of(unlikely), opcode: Opcode.Binary), role, Limit, Agreed.NoTakeover).Binary(unlikely);
    }

    [TestCase(Limit + 1)]
    [TestCase(100 * Limit)]
    public void A_message_beyond_the_limit_is_1009_as_any_message(int length)
    {
        var frame = Compressed(new byte[length]);
        frame.Length.Should().BeLessThan(Limit);
        EveryWay(frame, heard => heard.FailedWith(1009, $"at least {Limit + 1} bytes; the limit is {Limit}", frame.Length));
    }

    [Test]
    public void A_stored_block_beyond_the_limit_is_1009()
    {
        var frame = Wire.Compressed(role, Wire.Join(Stored(new byte[Limit - 1]), Stored([1, 2]), [0]));
        EveryWay(frame, heard => heard.FailedWith(1009, $"at least {Limit + 1} bytes", frame.Length));
    }

    [Test]
    public void A_frame_too_long_for_any_message_within_the_limit_is_1009_at_its_header()
    {
        var most = FrameReader.MostDeflated(Limit);
        var within = Wire.LongHeader(role, Opcode.Text, (ulong)most, 2);
        var beyond = Wire.LongHeader(role, Opcode.Text, (ulong)most + 1, 2);
        within[0] |= 0x40;
        beyond[0] |= 0x40;
        EveryWay(within, heard => heard.Nothing());
        EveryWay(beyond, heard => heard.FailedWith(1009, $"the limit is {Limit}", beyond.Length));
    }

    [Test]
    public void A_bomb_of_a_gigabyte_is_not_inflated_beyond_the_limit()
    {
        // 64 KiB of zeros take some 80 bytes, and that 16,384 times.
        var block = Agreed.Deflate(new byte[64 * 1024]);
        var bomb = Wire.Compressed(role, Wire.Join([.. Enumerable.Repeat(Wire.Join(block, [0, 0, 0xFF, 0xFF]), 16 * 1024)]));
        using var endpoint = new WebSocketProtocol(role, 2 * 1024 * 1024, Agreed.NoTakeover);
        bomb.Length.Should().BeLessThan(2 * 1024 * 1024, "its frame is let in, and what is in it is {0} bytes", 1024L * 1024 * 1024);

        var before = GC.GetAllocatedBytesForCurrentThread();
        endpoint.TryReceive(bomb, out _, out var e).Should().BeTrue();
        e.CloseCode.Should().Be(1009);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(16 * 1024 * 1024);
    }

    [TestCase("ff", TestName = "{m}(a kind of block that there is not)")]
    [TestCase("00 05 00 fa fe 48 65 6c 6c 6f 00", TestName = "{m}(a length unlike its complement)")]
    [TestCase("00 05 00 fa ff 48 65", TestName = "{m}(a stored block cut short)")]
    [TestCase("f2 48 cd c9", TestName = "{m}(a coded block cut short)")]
    [TestCase("", TestName = "{m}(nothing)")]
    [TestCase("02 01 00", TestName = "{m}(a length or distance that there is not, or too far back)")]
    [TestCase("f2 00 11 00 00", TestName = "{m}(a distance beyond the beginning)")]
    [TestCase("04 00", TestName = "{m}(no code for code lengths)")]
    [TestCase("fc ff ff ff", TestName = "{m}(too many codes)")]
    [TestCase("1b 03", TestName = "{m}(reserved symbols)")]
    public void Bad_data_is_1007(string hex)
    {
        var frame = Wire.Compressed(role, Wire.Hex(hex));
        EveryWay(frame, heard => heard.FailedWith(1007, "DEFLATE", frame.Length));
    }

    [TestCase("c0 80")]
    [TestCase("41 ff")]
    [TestCase("e4 b8")]
    public void What_is_inflated_has_to_be_UTF8(string hex)
    {
        var frame = Compressed(Wire.Hex(hex));
        EveryWay(frame, heard => heard.FailedWith(1007, "UTF-8|ends inside".Split('|')[hex == "e4 b8" ? 1 : 0], frame.Length));
    }

    [Test]
    public void What_is_on_the_wire_need_not_be_UTF8() =>
        EveryWay(Compressed(Wire.Utf8("κόσμε κόσμε κόσμε")), heard => heard.Messages("κόσμε κόσμε κόσμε"));

    private static byte[] Stored(byte[] bytes) =>
        Wire.Join([0, (byte)bytes.Length, (byte)(bytes.Length >> 8), (byte)~bytes.Length, (byte)(~bytes.Length >> 8)], bytes);
}
