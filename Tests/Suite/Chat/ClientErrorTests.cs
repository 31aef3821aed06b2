using System.Text;
using CsCheck;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Errors and hints for invalid client frames.</summary>
public class ClientErrorTests
{
    // The arguments are the frame, the code of the error, a part of the error's text, and the error's hint.
    [TestCase("""{"type":"join"}""", ErrorCode.MissingField, "\"room\"", """{"type":"join","room":"lobby"}""")]
    [TestCase("""{"type":"say"}""", ErrorCode.MissingField, "\"text\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"say","text":"  "}""", ErrorCode.BadField, "\"text\" shows nothing", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"say","text":"","files":[]}""", ErrorCode.MissingField, "\"text\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"password","old":"my long password"}""", ErrorCode.MissingField, "\"new\"", """{"type":"password","old":"old-secret","new":"my new password"}""")]
    [TestCase("""{"type":"passwrd","old":"my long password","new":"b"}""", ErrorCode.UnknownType, "\"password\"", """{"type":"password","old":"old-secret","new":"my new password"}""")]
    [TestCase("""{"type":"hello","jwt":"a.b.c","format":"xml"}""", ErrorCode.BadField, "\"format\"", """{"type":"hello","format":"text"}""")]
    [TestCase("""{"type":"notify","level":"some"}""", ErrorCode.BadField, "\"level\" must be all, mentions or none", """{"type":"notify","level":"mentions"}""")]
    [TestCase("""{"type":"close"}""", ErrorCode.MissingField, "\"room\"", """{"type":"close","room":"garden"}""")]
    [TestCase("""{"type":"tokens"}""", ErrorCode.MissingField, "\"do\"", """{"type":"tokens","do":"create"}""")]
    [TestCase("""{"do":"set","type":"tokens"}""", ErrorCode.BadField, "\"do\" must be create, list or revoke", """{"type":"tokens","do":"create"}""")]
    [TestCase("""{"type":"webhook"}""", ErrorCode.MissingField, "\"do\"", """{"type":"webhook","do":"set"}""")]
    [TestCase("""{"do":"create","type":"webhook","url":"https://example.org/secret"}""", ErrorCode.BadField, "\"do\" must be set, show, retry or remove", """{"type":"webhook","do":"set"}""")]
    [TestCase("""{"type":"tokens","do":"make"}""", ErrorCode.BadField, "\"do\" must be create, list or revoke", """{"type":"tokens","do":"create"}""")]
    [TestCase("""{"type":"history","around":-1}""", ErrorCode.BadField, "\"around\"", """{"type":"history","around":42}""")]
    [TestCase("""{"type":"edit","text":"x"}""", ErrorCode.MissingField, "\"seq\"", """{"type":"edit","seq":42,"text":"x"}""")]
    [TestCase("""{"type":"register","name":"bob"}""", ErrorCode.MissingField, "\"password\"", """{"type":"register","name":"bob","password":"my long password"}""")]
    [TestCase("""{"type":"login","password":"a secret that I have"}""", ErrorCode.MissingField, "\"name\"", """{"type":"login","name":"ann","password":"my long password"}""")]
    [TestCase("""{"type":"login","name":"ann"}""", ErrorCode.MissingField, "\"password\"", """{"type":"login","name":"ann","password":"my long password"}""")]
    [TestCase("""{"text":"hi"}""", ErrorCode.MissingField, "\"type\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":null}""", ErrorCode.MissingField, "\"type\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("{}", ErrorCode.MissingField, "\"type\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":["say"]}""", ErrorCode.BadField, "\"type\"", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"say","text":5}""", ErrorCode.BadField, "\"text\" must be a string", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"say","text":"\ud83d"}""", ErrorCode.BadField, "\"text\" contains an incomplete character", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"join","room":{"a":[]}}""", ErrorCode.BadField, "\"room\"", """{"type":"join","room":"lobby"}""")]
    [TestCase("""{"type":"join","room":"lobby","after":"3"}""", ErrorCode.BadField, "\"after\" must be a whole number, 0 or more", """{"type":"join","room":"lobby","after":42}""")]
    [TestCase("""{"type":"join","room":"lobby","after":-1}""", ErrorCode.BadField, "\"after\"", """{"type":"join","room":"lobby","after":42}""")]
    [TestCase("""{"type":"delete","seq":-1}""", ErrorCode.BadField, "\"seq\"", """{"type":"delete","seq":42}""")]
    [TestCase("""{"type":"delete","seq":1.5}""", ErrorCode.BadField, "\"seq\"", """{"type":"delete","seq":42}""")]
    [TestCase("""{"type":"delete","seq":1e999}""", ErrorCode.BadField, "\"seq\"", """{"type":"delete","seq":42}""")]
    [TestCase("""{"type":"join","room":"den","limit":-1}""", ErrorCode.BadField, "\"limit\" must be a whole number, 0 or more", """{"type":"join","room":"den","limit":20}""")]
    [TestCase("""{"type":"history","before":-1,"limit":0}""", ErrorCode.BadField, "\"before\" must be a whole number, 0 or more", """{"type":"history","before":42}""")]
    [TestCase("""{"type":"history","limit":0}""", ErrorCode.BadField, "\"limit\" must be a whole number, 1 or more", """{"type":"history","limit":20}""")]
    [TestCase("""{"type":"slow","seconds":-1}""", ErrorCode.BadField, "\"seconds\"", """{"type":"slow","seconds":10}""")]
    [TestCase("""{"type":"say","text":"hi","me":1}""", ErrorCode.BadField, "\"me\" must be true or false", """{"type":"say","text":"hi","me":true}""")]
    [TestCase("""{"type":"say","text":"hi","files":["a",1]}""", ErrorCode.BadField, "\"files\" must be a list of strings", """{"type":"say","text":"hi","files":["id-of-a-file"]}""")]
    [TestCase("""{"type":"say","text":"hi","files":"a"}""", ErrorCode.BadField, "\"files\"", """{"type":"say","text":"hi","files":["id-of-a-file"]}""")]
    [TestCase("""{"type":"role","user":"bob","role":"king"}""", ErrorCode.BadField, "\"role\" must be owner, moderator or member", """{"type":"role","user":"bob","role":"moderator"}""")]
    [TestCase("""{"type":"hello","format":"xml"}""", ErrorCode.BadField, "\"format\" must be text or json", """{"type":"hello","format":"text"}""")]
    [TestCase("""{"type":"jion","room":"garden"}""", ErrorCode.UnknownType, "\"jion\"; did you mean \"join\"?", """{"type":"join","room":"garden"}""")]
    [TestCase("""{"type":"jion"}""", ErrorCode.UnknownType, "\"join\"", """{"type":"join","room":"lobby"}""")]
    [TestCase("""{"type":"Say","text":"hi"}""", ErrorCode.UnknownType, "\"say\"", """{"type":"say","text":"hi"}""")]
    [TestCase("""{"type":"message","text":"hi","room":"den"}""", ErrorCode.UnknownType, "\"say\"", """{"type":"say","text":"hi","room":"den"}""")]
    [TestCase("""{"type":"me","text":"waves"}""", ErrorCode.UnknownType, "\"say\"", """{"type":"say","text":"waves","me":true}""")]
    [TestCase("""{"type":"part"}""", ErrorCode.UnknownType, "\"leave\"", """{"type":"leave"}""")]
    [TestCase("""{"type":"logon","name":"x","password":"secret"}""", ErrorCode.UnknownType, "\"login\"", """{"type":"login","name":"ann","password":"my long password"}""")]
    [TestCase("""{"type":"frobnicate"}""", ErrorCode.UnknownType, "the types are hello, nick, ", """{"type":"help"}""")]
    [TestCase("""{"type":""}""", ErrorCode.UnknownType, "the types are", """{"type":"help"}""")]
    [TestCase("""{"type":"\udc00"}""", ErrorCode.UnknownType, "the types are", """{"type":"help"}""")]
    [TestCase("""{"type":"ping"} x""", ErrorCode.BadJson, "there is text after the closing brace", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"ping"}{"type":"ping"}""", ErrorCode.BadJson, "there is text after the closing brace", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{join lobby}""", ErrorCode.BadJson, "at byte 2", """{"type":"say","text":"hi all"}""")]
    [TestCase("{\n\"type\":}", ErrorCode.BadJson, "at byte 8 of line 2", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":"ping",}""", ErrorCode.BadJson, "not valid JSON", """{"type":"say","text":"hi all"}""")]
    [TestCase("""{"type":'ping'}""", ErrorCode.BadJson, "not valid JSON", """{"type":"say","text":"hi all"}""")]
    [TestCase("{", ErrorCode.BadJson, "not valid JSON", """{"type":"say","text":"hi all"}""")]
    public void Invalid_frame_gets_an_error_that_names_the_problem_and_a_hint(string json, string code, string textPart, string hint)
    {
        var error = Wire.ReadError(json);
        error.Code.Should().Be(code);
        error.Text.Should().Contain(textPart);
        error.Hint.Should().Be(hint);
    }

    [TestCase("""{"id":7,"type":"jion"}""")]
    [TestCase("""{"type":"say","id":7}""")]
    [TestCase("""{"id":7}""")]
    [TestCase("""{"id":7,"type":5}""")]
    [TestCase("""{"id":7,"type":"say","text":""")]
    [TestCase("""{"id":7,"type":"say"} {}""")]
    [TestCase("""{"id":7,"type":"say" "text"}""")]
    [TestCase("""{"id":"x","id":7,"type":"delete","seq":"x"}""")]
    public void Error_contains_the_id_of_an_invalid_frame(string json)
    {
        Wire.ReadError(json, out var id);
        id.Should().Be(FrameId.From(7));
    }

    [TestCase("[]")]
    [TestCase("1.5")]
    public void Error_has_no_id_if_the_second_id_of_the_frame_is_invalid(string later)
    {
        Wire.ReadError($$"""{"type":"ping","id":7,"id":{{later}}}""", out var id).Code.Should().Be(ErrorCode.BadField);
        id.IsNone.Should().BeTrue();
    }

    [Test]
    public void Invalid_UTF8_gets_an_error_with_the_id()
    {
        byte[] json = [.. Wire.ToBytes("""{"type":"say","id":7,"text":" """), 0xff, .. Wire.ToBytes("\"}")];
        var error = Wire.ReadError(json, out var id);
        error.Code.Should().Be(ErrorCode.BadJson);
        error.Text.Should().Contain("UTF-8");
        id.Should().Be(FrameId.From(7));

        Wire.ReadError([0x68, 0xc0, 0xaf], out _).Code.Should().Be(ErrorCode.BadFrame);
    }

    [TestCase("[", "]")]
    [TestCase("{\"a\":", "}")]
    public void JSON_nested_deeper_than_64_levels_gets_an_error_with_the_id(string open, string close)
    {
        // The frame itself is the first level.
        Wire.Read(Nested(63)).Type.Should().Be(ClientFrameType.Ping);
        foreach (var depth in new[] { 64, 65, 100, 30_000 })
        {
            var error = Wire.ReadError(Nested(depth), out var id);
            error.Code.Should().Be(ErrorCode.BadJson);
            error.Text.Should().Contain("nested deeper than 64");
            id.Should().Be(FrameId.From(7));
        }
        Wire.ReadError("{\"id\":7,\"x\":" + string.Concat(Enumerable.Repeat(open, 30_000))).Text.Should().Contain("nested deeper than 64");

        string Nested(int depth) => "{\"id\":7,\"type\":\"ping\",\"room\":" + string.Concat(Enumerable.Repeat(open, depth)) + "1"
            + string.Concat(Enumerable.Repeat(close, depth)) + "}";
    }

    [Test]
    public void Nested_list_of_files_gets_bad_field_and_a_deeply_nested_one_gets_bad_json()
    {
        Wire.ReadError("""{"type":"say","text":"x","files":[["a"],{"b":1}]}""").Code.Should().Be(ErrorCode.BadField);
        Wire.ReadError("{\"type\":\"say\",\"text\":\"x\",\"files\":" + new string('[', 30_000)).Text.Should().Contain("nested deeper than 64");
    }

    [Test]
    public void Long_unknown_type_is_truncated_in_the_error()
    {
        Wire.ReadError($$"""{"type":"{{new string('x', 100_000)}}"}""").Text.Length.Should().BeLessThan(500);
        Wire.ReadError("/" + string.Concat(Enumerable.Repeat("👍", 1000))).Text.Should().NotContain("\uFFFD").And.Contain("👍…");
        Wire.ReadError("/x" + string.Concat(Enumerable.Repeat("👍", 1000))).Text.Should().NotContain("\uFFFD").And.Contain("👍…");
    }

    [Test]
    public void Hint_does_not_repeat_a_long_text()
    {
        Wire.ReadError($$"""{"type":"sya","text":"{{new string('x', 1000)}}"}""").Hint.Should().Be("""{"type":"say","text":"hi all"}""");
    }

    [Test]
    public void Random_bytes_cause_no_exception()
    {
        Gen.Byte.Array[0, 200].Sample(bytes => ReadWithoutThrowing(bytes));
    }

    // Pieces of frames in any order reach more code than random bytes do.
    [Test]
    public void Scrambled_frames_cause_no_exception_and_every_hint_is_valid()
    {
        string[] pieces = ["{", "}", "[", "]", ":", ",", "\"", "\\", "\\ud83d", "\"type\":", "\"id\":", "\"say\"", "\"text\":", "\"seq\":", "\"files\":",
            "\"limit\":", "\"room\":\"#", "1", "-1", "1e400", "null", "true", " ", "\n", "\0", "/", "/kick bob ", "/dm ", "👍", "\u202e", "\uFEFF", "joni"];
        Gen.OneOf([.. pieces.Select(Gen.Const)]).Array[0, 12].Sample(parts => ReadWithoutThrowing(Wire.ToBytes(string.Concat(parts))), iter: 20_000);
        Gen.OneOf([.. pieces.Select(Gen.Const)]).Array[0, 12].Sample(parts => ReadWithoutThrowing(Wire.ToBytes("{\"type\":\"say\"," + string.Concat(parts))), iter: 20_000);
    }

    [Test]
    public void Truncated_and_damaged_frames_cause_no_exception()
    {
        var whole = Wire.ToBytes("""{"type":"say","id":"a1","text":"hi 👍 \ud83d\udc4d","room":"#lobby","reply":3,"me":true,"files":["a","b"],"x":[{"y":null}]}""");
        for (var length = 0; length < whole.Length; length++)
            ReadWithoutThrowing(whole[..length]);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 4].Sample(damage =>
        {
            var bytes = whole.ToArray();
            foreach (var (at, value) in damage)
                bytes[at] = value;
            ReadWithoutThrowing(bytes);
        });
    }

    private static void ReadWithoutThrowing(byte[] bytes)
    {
        if (ChatCodec.TryReadClient(bytes, out var frame, out var id, out var error))
        {
            (frame is not null && frame.Id == id).Should().BeTrue();
            ChatCodec.TryReadClient(ChatCodec.Encode(frame!), out var again, out _, out _).Should().BeTrue();
            again.Type.Should().Be(frame!.Type);
        }
        else
        {
            error.Hint.Should().NotBeNull();
            ChatCodec.TryReadClient(Encoding.UTF8.GetBytes(error.Hint!), out _, out _, out _).Should().BeTrue("the hint «{0}» is valid", error.Hint);
        }
        ChatCodec.TryReadServer(bytes, out _);
        TextFormat.Format(bytes).Should().NotBeNull();
    }
}
