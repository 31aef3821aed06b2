using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>The forever iframe's script elements: nothing that anybody says can end one, or begin another.</summary>
public sealed class ScriptFramingTests
{
    [TestCase("parent.onFrame")]
    [TestCase("onFrame")]
    [TestCase("$")]
    [TestCase("_a1.$b.c2")]
    [TestCase("top.chat.rooms.lobby.on")]
    public void A_functions_name_may_be_called(string name) => ScriptFraming.IsCallback(name).Should().BeTrue();

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
    public void Anything_else_may_not(string name) => ScriptFraming.IsCallback(name).Should().BeFalse();

    [Test]
    public void A_name_has_an_end()
    {
        ScriptFraming.IsCallback(new string('a', ScriptFraming.MaxCallbackLength)).Should().BeTrue();
        ScriptFraming.IsCallback(new string('a', ScriptFraming.MaxCallbackLength + 1)).Should().BeFalse();
    }

    [Test]
    public void A_frame_is_one_script_element_on_a_line_of_its_own() =>
        Write("""{"type":"pong"}""").Should().Be("<script nonce=\"n0\">parent.onFrame({\"type\":\"pong\"})</script>\n");

    [TestCase("</script><script>alert(1)</script>")]
    [TestCase("<!--<script>")]
    [TestCase("]]>")]
    [TestCase("a & b &amp; 'c'")]
    [TestCase("line\u2028separator\u2029paragraph")]
    [TestCase("â is not a separator, and \u2027 is none, nor \u202A")]
    [TestCase("\u2028")]
    [TestCase("<<<>>>&&&'''")]
    public void What_could_end_it_is_escaped_and_means_the_same(string text)
    {
        var json = new JsonObject { ["text"] = text }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var script = Write(json);
        var argument = script["<script nonce=\"n0\">parent.onFrame(".Length..^")</script>\n".Length];
        argument.Should().NotContainAny("<", ">", "&", "'", "\u2028", "\u2029");
        JsonNode.Parse(argument)!["text"]!.GetValue<string>().Should().Be(text);
    }

    [Test]
    public void Separators_that_the_JSON_left_as_they_are_are_escaped()
    {
        Write("{\"text\":\"a\u2028b\u2029\"}").Should().Contain("\"a\\u2028b\\u2029\"");
        Write("{\"text\":\"â‧\"}").Should().Contain("\"â‧\"");
    }

    [Test]
    public void The_page_begins_with_its_cursor_and_enough_to_be_shown_at_once()
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
