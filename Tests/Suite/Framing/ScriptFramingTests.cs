using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Writing the script elements of the forever iframe. No message can end a script element or begin another one.</summary>
public sealed class ScriptFramingTests
{
    [TestCase("parent.onFrame")]
    [TestCase("onFrame")]
    [TestCase("$")]
    [TestCase("_a1.$b.c2")]
    [TestCase("top.chat.rooms.lobby.on")]
    public void IsValidCallback_accepts_a_function_name(string name) => ScriptFraming.IsValidCallback(name).Should().BeTrue();

    [TestCase("")]
    [TestCase(".")]
    [TestCase("parent.")]
    [TestCase(".onFrame")]
    [TestCase("parent..onFrame")]
    [TestCase("1a")]
    [TestCase("parent.1")]
    [TestCase("alert(1)")]
    [TestCase("a;b")]
    [TestCase("a b")]
    [TestCase("a/**/")]
    [TestCase("a\nb")]
    [TestCase("a</script>")]
    [TestCase("a[0]")]
    [TestCase("a=b")]
    [TestCase("a`b`")]
    [TestCase("\\u0061")]
    [TestCase("ä")]
    [TestCase("ａ")]
    [TestCase("a%0a")]
    public void IsValidCallback_rejects_any_other_text(string name) => ScriptFraming.IsValidCallback(name).Should().BeFalse();

    [Test]
    public void IsValidCallback_limits_the_length_of_the_name()
    {
        ScriptFraming.IsValidCallback(new string('a', ScriptFraming.MaxCallbackLength)).Should().BeTrue();
        ScriptFraming.IsValidCallback(new string('a', ScriptFraming.MaxCallbackLength + 1)).Should().BeFalse();
    }

    [Test]
    public void Write_writes_a_frame_as_one_script_element_on_its_own_line() =>
        Write("""{"type":"pong"}""").Should().Be("<script nonce=\"n0\">parent.onFrame({\"type\":\"pong\"})</script>\n");

    [TestCase("</script><script>alert(1)</script>")]
    [TestCase("<!--<script>")]
    [TestCase("]]>")]
    [TestCase("a & b &amp; 'c'")]
    [TestCase("line\u2028separator\u2029paragraph")]
    [TestCase("â is not a separator, and \u2027 is none, nor \u202A")]
    [TestCase("\u2028")]
    [TestCase("<<<>>>&&&'''")]
    public void Write_escapes_characters_that_could_end_the_script_and_keeps_the_text(string text)
    {
        var json = new JsonObject { ["text"] = text }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var script = Write(json);
        var argument = script["<script nonce=\"n0\">parent.onFrame(".Length..^")</script>\n".Length];
        argument.Should().NotContainAny("<", ">", "&", "'", "\u2028", "\u2029");
        JsonNode.Parse(argument)!["text"]!.GetValue<string>().Should().Be(text);
    }

    [Test]
    public void Write_escapes_unescaped_line_separators()
    {
        Write("{\"text\":\"a\u2028b\u2029\"}").Should().Contain("\"a\\u2028b\\u2029\"");
        Write("{\"text\":\"â‧\"}").Should().Contain("\"â‧\"");
    }

    [Test]
    public void WriteHead_writes_the_cursor_and_the_padding()
    {
        var output = new ArrayBufferWriter<byte>();
        ScriptFraming.WriteHead(output, 77);
        var head = Encoding.UTF8.GetString(output.WrittenSpan);
        head.Should().StartWith("<!doctype html>\n<html data-cursor=\"77\">").And.EndWith("-->\n");
        head.Length.Should().BeGreaterThan(ScriptFraming.PaddingBytes);
    }

    private static string Write(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        ScriptFraming.Write(output, "n0", "parent.onFrame", Encoding.UTF8.GetBytes(json));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
