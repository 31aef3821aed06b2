using System.Text;
using CsCheck;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>
/// Splitting raw TCP input into lines. Most tests pass the input in several ways: as a whole, split in two at each position, and byte by
/// byte.
/// </summary>
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
    public void Framing_splits_lines_at_newlines(string input, string[] lines) => ExpectLinesInAllSplits(input, 100, lines);

    [TestCase("one\0two\0", new[] { "one", "two" })]
    [TestCase("one\0with \n in it\0", new[] { "one", "with \n in it" })]
    [TestCase("one\r\0two\r\n\0", new[] { "one\r", "two\r\n" })]
    [TestCase("\0\0", new[] { "", "" })]
    [TestCase("<policy-file-request/>\0", new[] { "<policy-file-request/>" })]
    public void Framing_splits_lines_at_NUL(string input, string[] lines) => ExpectLinesInAllSplits(input, 100, lines);

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
    public void Framing_reports_a_line_over_the_limit_only_once_and_drops_its_rest(string input, string[] lines) => ExpectLinesInAllSplits(input, 5, lines);

    [TestCase("\n\r\n", new[] { "", "" })]
    [TestCase("x\n\n", new[] { TooLong, "" })]
    [TestCase("\r\0\0", new[] { TooLong, "" })]
    public void Framing_with_a_limit_of_zero_accepts_empty_lines(string input, string[] lines) => ExpectLinesInAllSplits(input, 0, lines);

    [TestCase("x", null)]
    [TestCase("x\n", LineDelimiter.Newline)]
    [TestCase("x\0", LineDelimiter.Nul)]
    [TestCase("x\0\n", LineDelimiter.Nul)]
    [TestCase("x\n\0", LineDelimiter.Newline)]
    [TestCase("1234567", null)]
    [TestCase("1234567\0\n", LineDelimiter.Nul)]
    public void First_delimiter_of_the_input_becomes_the_delimiter_of_the_connection(string input, LineDelimiter? delimiter)
    {
        using var framing = new LineFraming(5);
        framing.Delimiter.Should().BeNull();
        ReadLines(framing, [Encoding.UTF8.GetBytes(input)]);
        framing.Delimiter.Should().Be(delimiter);
    }

    [Test]
    public void IsMidLine_is_true_between_the_first_byte_and_the_delimiter()
    {
        using var framing = new LineFraming(5);
        foreach (var (input, midLine) in new[]
            { ("ab", true), ("c\n", false), ("123456", true), ("7", true), ("\n", false), ("\n", false), ("\r", true) })
        {
            ReadLines(framing, [Encoding.UTF8.GetBytes(input)]);
            framing.IsMidLine.Should().Be(midLine, "after {0}", input);
            if (!midLine) framing.HoldsNoBuffer.Should().BeTrue("no buffer is held between lines");
        }
    }

    [TestCase("123456", 5, "12345")]
    [TestCase("12345\r6", 5, "12345")]
    [TestCase("12345\r\0", 5, "12345")]
    [TestCase("x", 0, "")]
    public void Framing_returns_the_beginning_of_a_line_that_is_too_long(string input, int limit, string beginning)
    {
        for (var split = 0; split < input.Length; split++)
        {
            using var framing = new LineFraming(limit);
            var bytes = Encoding.UTF8.GetBytes(input);
            framing.TryReceive(bytes.AsSpan(0, split), out _, out _).Should().Be(LineResult.NeedMore);
            framing.PartialLine.Length.Should().Be(split);
            framing.TryReceive(bytes.AsSpan(split), out _, out var line).Should().Be(LineResult.TooLong);
            Encoding.UTF8.GetString(line.Span).Should().Be(beginning);
            framing.PartialLine.Length.Should().Be(0, "the rest of the line is dropped");
        }
    }

    [Test]
    public void PartialLine_is_the_received_part_of_an_incomplete_line()
    {
        using var framing = new LineFraming(100);
        ReadLines(framing, ["one\n"u8.ToArray(), "tw"u8.ToArray()]);
        Encoding.UTF8.GetString(framing.PartialLine).Should().Be("tw");
        framing.TryReceive("o\n"u8, out _, out _).Should().Be(LineResult.Line);
        framing.PartialLine.Length.Should().Be(0, "the line has ended");
    }

    [Test]
    public void Framing_keeps_no_buffer_while_it_drops_an_endless_line()
    {
        using var framing = new LineFraming(1000);
        framing.TryReceive(new byte[] { 1 }, out _, out _);
        for (var i = 0; i < 100; i++) ReadLines(framing, [[.. Enumerable.Repeat((byte)'x', 1000)]]);
        framing.IsMidLine.Should().BeTrue();
        framing.HoldsNoBuffer.Should().BeTrue("dropped bytes are not kept");
    }

    [Test]
    public void Framing_reads_the_frames_that_CreateFrame_creates()
    {
        foreach (var delimiter in Enum.GetValues<LineDelimiter>())
        {
            var bytes = LineFraming.CreateFrame("héllo"u8, delimiter).Concat(LineFraming.CreateFrame(default, delimiter)).ToArray();
            bytes[^1].Should().Be((byte)delimiter);
            ExpectLinesInAllSplits(bytes, 100, ["héllo", ""]);
        }
    }

    [Test]
    public void Framing_reads_the_same_lines_from_any_split_of_the_input() =>
        Gen.Select(Gen.OneOf((byte)'a', (byte)'b', (byte)'\r', (byte)'\n', (byte)'\0').Array[0, 40],
            Gen.Int[0, 6], Gen.Int[1, 7]).Sample((bytes, limit, size) =>
            ReadLines(limit, [bytes]).SequenceEqual(ReadLines(limit, bytes.Chunk(size))), iter: 20_000);

    [Test]
    public void Dispose_returns_the_buffer()
    {
        var framing = new LineFraming(100);
        ReadLines(framing, ["half"u8.ToArray()]);
        framing.HoldsNoBuffer.Should().BeFalse();
        framing.Dispose();
        framing.HoldsNoBuffer.Should().BeTrue();
    }

    private static void ExpectLinesInAllSplits(string input, int limit, string[] expected) => ExpectLinesInAllSplits(Encoding.UTF8.GetBytes(input), limit, expected);

    private static void ExpectLinesInAllSplits(byte[] bytes, int limit, string[] expected)
    {
        var whole = ReadLines(limit, [bytes]);
        whole.Select(read => read.Line).Should().Equal(expected);
        for (var split = 0; split <= bytes.Length; split++)
            ReadLines(limit, [bytes[..split], bytes[split..]]).Should().Equal(whole, "it is the same input, split at {0}", split);
        ReadLines(limit, bytes.Chunk(1)).Should().Equal(whole, "it is the same input, byte by byte");
    }

    private static List<(string Line, int End)> ReadLines(int limit, IEnumerable<byte[]> pieces)
    {
        using var framing = new LineFraming(limit);
        return ReadLines(framing, pieces);
    }

    private static List<(string Line, int End)> ReadLines(LineFraming framing, IEnumerable<byte[]> pieces)
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
            consumed.Should().Be(rest.Length, "all input is read if no line is complete");
            offset += consumed;
        }
        return lines;
    }
}
