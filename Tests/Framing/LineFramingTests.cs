using System.Text;
using CsCheck;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Lines on raw TCP, each case whole, split at every byte, and a byte at a time.</summary>
public class LineFramingTests
{
    private const string TooLong = "<too long>";

    [TestCase("one\ntwo\n", new[] { "one", "two" })]
    [TestCase("one\r\ntwo\r\n", new[] { "one", "two" })]
    [TestCase("one\r\r\n", new[] { "one\r" })]
    [TestCase("\n\r\n\n", new[] { "", "", "" })]
    [TestCase("a\rb\nno end", new[] { "a\rb" })]
    [TestCase("one\nwith \0 in it\n", new[] { "one", "with \0 in it" })]
    [TestCase("", new string[0])]
    public void Newline_frames_are_heard(string input, string[] lines) => EveryWay(input, 100, lines);

    [TestCase("one\0two\0", new[] { "one", "two" })]
    [TestCase("one\0with \n in it\0", new[] { "one", "with \n in it" })]
    [TestCase("one\r\0two\r\n\0", new[] { "one\r", "two\r\n" })]
    [TestCase("\0\0", new[] { "", "" })]
    [TestCase("<policy-file-request/>\0", new[] { "<policy-file-request/>" })]
    public void Nul_frames_are_heard(string input, string[] lines) => EveryWay(input, 100, lines);

    [TestCase("12345\n", new[] { "12345" })]
    [TestCase("12345\r\n", new[] { "12345" })]
    [TestCase("123456\nnext\n", new[] { TooLong, "next" })]
    [TestCase("123456\r\nnext\n", new[] { TooLong, "next" })]
    [TestCase("12345\r6\nnext\n", new[] { TooLong, "next" })]
    [TestCase("12345\r\r\nnext\n", new[] { TooLong, "next" })]
    [TestCase("123456789012345678901234567890\nnext\n", new[] { TooLong, "next" })]
    [TestCase("a\n123456\n123456\nb\n", new[] { "a", TooLong, TooLong, "b" })]
    [TestCase("12345\0", new[] { "12345" })]
    [TestCase("123456\0next\0", new[] { TooLong, "next" })]
    [TestCase("12345\r\0next\0", new[] { TooLong, "next" })]
    [TestCase("a\012345\r\0next\0", new[] { "a", TooLong, "next" })]
    [TestCase("a\0123456\n7\0next\0", new[] { "a", TooLong, "next" })]
    [TestCase("a\n123456\0 7\nnext\n", new[] { "a", TooLong, "next" })]
    [TestCase("1234567", new[] { TooLong })]
    public void A_line_over_five_bytes_is_reported_once_and_dropped(string input, string[] lines) => EveryWay(input, 5, lines);

    [TestCase("\n\r\n", new[] { "", "" })]
    [TestCase("x\n\n", new[] { TooLong, "" })]
    [TestCase("\r\0\0", new[] { TooLong, "" })]
    public void A_limit_of_nothing_lets_empty_lines_through(string input, string[] lines) => EveryWay(input, 0, lines);

    [TestCase("x", null)]
    [TestCase("x\n", LineDelimiter.Newline)]
    [TestCase("x\0", LineDelimiter.Nul)]
    [TestCase("x\0\n", LineDelimiter.Nul)]
    [TestCase("x\n\0", LineDelimiter.Newline)]
    [TestCase("1234567", null)]
    [TestCase("1234567\0\n", LineDelimiter.Nul)]
    public void The_first_delimiter_decides(string input, LineDelimiter? delimiter)
    {
        using var framing = new LineFraming(5);
        framing.Delimiter.Should().BeNull();
        Hear(framing, [Encoding.UTF8.GetBytes(input)]);
        framing.Delimiter.Should().Be(delimiter);
    }

    [Test]
    public void Mid_line_is_what_has_begun_and_not_ended()
    {
        using var framing = new LineFraming(5);
        foreach (var (input, midLine) in new[]
            { ("ab", true), ("c\n", false), ("123456", true), ("7", true), ("\n", false), ("\n", false), ("\r", true) })
        {
            Hear(framing, [Encoding.UTF8.GetBytes(input)]);
            framing.IsMidLine.Should().Be(midLine, "after {0}", input);
            if (!midLine) framing.HoldsNothing.Should().BeTrue("nothing is rented between lines");
        }
    }

    [TestCase("123456", 5, "12345")]
    [TestCase("12345\r6", 5, "12345")]
    [TestCase("12345\r\0", 5, "12345")]
    [TestCase("x", 0, "")]
    public void Of_a_line_that_is_too_long_the_beginning_is_shown_up_to_the_limit(string input, int limit, string beginning)
    {
        for (var split = 0; split < input.Length; split++)
        {
            using var framing = new LineFraming(limit);
            var bytes = Encoding.UTF8.GetBytes(input);
            framing.TryReceive(bytes.AsSpan(0, split), out _, out _).Should().Be(LineResult.NeedMore);
            framing.Begun.Length.Should().Be(split);
            framing.TryReceive(bytes.AsSpan(split), out _, out var line).Should().Be(LineResult.TooLong);
            Encoding.UTF8.GetString(line.Span).Should().Be(beginning);
            framing.Begun.Length.Should().Be(0, "the rest of it is dropped");
        }
    }

    [Test]
    public void A_line_under_way_can_be_looked_at()
    {
        using var framing = new LineFraming(100);
        Hear(framing, ["one\n"u8.ToArray(), "tw"u8.ToArray()]);
        Encoding.UTF8.GetString(framing.Begun).Should().Be("tw");
        framing.TryReceive("o\n"u8, out _, out _).Should().Be(LineResult.Line);
        framing.Begun.Length.Should().Be(0, "it has ended");
    }

    [Test]
    public void A_line_without_end_costs_no_more_than_the_limit()
    {
        using var framing = new LineFraming(1000);
        framing.TryReceive(new byte[] { 1 }, out _, out _);
        for (var i = 0; i < 100; i++) Hear(framing, [[.. Enumerable.Repeat((byte)'x', 1000)]]);
        framing.IsMidLine.Should().BeTrue();
        framing.HoldsNothing.Should().BeTrue("what is dropped is not kept");
    }

    [Test]
    public void What_is_framed_is_heard()
    {
        foreach (var delimiter in Enum.GetValues<LineDelimiter>())
        {
            var bytes = LineFraming.Frame("héllo"u8, delimiter).Concat(LineFraming.Frame(default, delimiter)).ToArray();
            bytes[^1].Should().Be((byte)delimiter);
            EveryWay(bytes, 100, ["héllo", ""]);
        }
    }

    [Test]
    public void Any_bytes_mean_the_same_however_they_are_cut() =>
        Gen.Select(Gen.OneOf((byte)'a', (byte)'b', (byte)'\r', (byte)'\n', (byte)'\0').Array[0, 40],
            Gen.Int[0, 6], Gen.Int[1, 7]).Sample((bytes, limit, size) =>
            Hear(limit, [bytes]).SequenceEqual(Hear(limit, bytes.Chunk(size))), iter: 20_000);

    [Test]
    public void Disposing_gives_everything_back()
    {
        var framing = new LineFraming(100);
        Hear(framing, ["half"u8.ToArray()]);
        framing.HoldsNothing.Should().BeFalse();
        framing.Dispose();
        framing.HoldsNothing.Should().BeTrue();
    }

    private static void EveryWay(string input, int limit, string[] expected) => EveryWay(Encoding.UTF8.GetBytes(input), limit, expected);

    private static void EveryWay(byte[] bytes, int limit, string[] expected)
    {
        var whole = Hear(limit, [bytes]);
        whole.Select(heard => heard.Line).Should().Equal(expected);
        for (var split = 0; split <= bytes.Length; split++)
            Hear(limit, [bytes[..split], bytes[split..]]).Should().Equal(whole, "it is the same input, split at {0}", split);
        Hear(limit, bytes.Chunk(1)).Should().Equal(whole, "it is the same input, a byte at a time");
    }

    private static List<(string Line, int End)> Hear(int limit, IEnumerable<byte[]> pieces)
    {
        using var framing = new LineFraming(limit);
        return Hear(framing, pieces);
    }

    private static List<(string Line, int End)> Hear(LineFraming framing, IEnumerable<byte[]> pieces)
    {
        var lines = new List<(string, int)>();
        var offset = 0;
        foreach (var piece in pieces)
        {
            ReadOnlySpan<byte> rest = piece;
            int consumed;
            LineResult result;
            while ((result = framing.TryReceive(rest, out consumed, out var line)) != LineResult.NeedMore)
            {
                offset += consumed;
                rest = rest[consumed..];
                lines.Add((result == LineResult.TooLong ? TooLong : Encoding.UTF8.GetString(line.Span), offset));
            }
            consumed.Should().Be(rest.Length, "all input is taken where no line is complete");
            offset += consumed;
        }
        return lines;
    }
}
