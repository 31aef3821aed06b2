using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Writing and reading the answers to polls and posts.</summary>
public sealed class PollBatchTests
{
    [Test]
    public void Write_writes_the_cursor_and_the_frames()
    {
        Write(42, """{"type":"pong"}""", """{"type":"ack"}""").Should().Be("""{"next":42,"frames":[{"type":"pong"},{"type":"ack"}]}""");
        Write(0).Should().Be("""{"next":0,"frames":[]}""");
    }

    [Test]
    public void TryRead_reads_what_Write_wrote()
    {
        PollBatch.TryRead(Encoding.UTF8.GetBytes(Write(long.MaxValue, """{"a":[1,{"b":"]}"}]}""", "{}")), out var next, out var frames).Should().BeTrue();
        next.Should().Be(long.MaxValue);
        frames.Select(frame => Encoding.UTF8.GetString(frame.Span)).Should().Equal("""{"a":[1,{"b":"]}"}]}""", "{}");
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"next":1}""")]
    [TestCase("""{"frames":[]}""")]
    [TestCase("""{"next":"1","frames":[]}""")]
    [TestCase("""{"next":1.5,"frames":[]}""")]
    [TestCase("""{"next":1,"frames":{}}""")]
    [TestCase("""{"next":1,"frames":[]}x""")]
    [TestCase("""{"next":1,"frames":[""")]
    public void TryRead_rejects_a_body_that_is_not_an_answer(string body) => PollBatch.TryRead(Encoding.UTF8.GetBytes(body), out _, out _).Should().BeFalse();

    [Test]
    public void TryRead_ignores_unknown_fields()
    {
        PollBatch.TryRead("""{"more":{"deep":[1]},"next":7,"frames":[{}],"last":null}"""u8.ToArray(), out var next, out var frames).Should().BeTrue();
        (next, frames.Count).Should().Be((7, 1));
    }

    [TestCase("[]", 0)]
    [TestCase("""[{"a":1}]""", 1)]
    [TestCase(""" [ {"a":1} , "/who" , 7 ] """, 3)]
    public void TryReadArray_returns_the_elements(string body, int count)
    {
        PollBatch.TryReadArray(Encoding.UTF8.GetBytes(body), 3, out var elements).Should().BeTrue();
        elements.Should().HaveCount(count);
        foreach (var element in elements.Select(element => Encoding.UTF8.GetString(element.Span)))
            element.Should().Be(element.Trim());
    }

    [TestCase("[1,2,3,4]")]
    [TestCase("[1,2")]
    [TestCase("[1]]")]
    [TestCase("{}")]
    [TestCase("")]
    [TestCase("[{]")]
    public void TryReadArray_rejects_an_array_that_is_invalid_or_too_long(string body) => PollBatch.TryReadArray(Encoding.UTF8.GetBytes(body), 3, out _).Should().BeFalse();

    [TestCase("[", "", "]")]
    [TestCase("{\"a\":", "1", "}")]
    public void Reading_accepts_elements_of_any_depth(string open, string inner, string close)
    {
        foreach (var depth in new[] { 63, 64, 65, 100_000 })
        {
            var element = string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, depth));
            PollBatch.TryReadArray(Encoding.UTF8.GetBytes($"[1,{element},2]"), 3, out var elements).Should().BeTrue();
            Encoding.UTF8.GetString(elements[1].Span).Should().Be(element);
            PollBatch.TryRead(Encoding.UTF8.GetBytes(Write(1, element)), out _, out var frames).Should().BeTrue();
            frames.Should().ContainSingle();
        }
    }

    private static string Write(long next, params string[] frames)
    {
        var output = new ArrayBufferWriter<byte>();
        PollBatch.Write(output, next, [.. frames.Select(frame => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(frame))]);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
