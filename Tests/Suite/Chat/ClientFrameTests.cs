using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Reading and writing valid client frames.</summary>
public class ClientFrameTests
{
    private static readonly TestCaseData[] EveryType =
    [
        Case("""{"type":"hello"}""", new() { Type = ClientFrameType.Hello }),
        Case("""{"type":"hello","name":"ann","session":"t0k","format":"text"}""", new() { Type = ClientFrameType.Hello, Name = "ann", Session = "t0k", Format = "text" }),
        Case("""{"type":"nick","name":"ann"}""", new() { Type = ClientFrameType.Nick, Name = "ann" }),
        Case("""{"type":"register","name":"ann","password":"pw"}""", new() { Type = ClientFrameType.Register, Name = "ann", Password = "pw" }),
        Case("""{"type":"login","name":"ann","password":"pw"}""", new() { Type = ClientFrameType.Login, Name = "ann", Password = "pw" }),
        Case("""{"type":"hello","jwt":"a.b.c"}""", new() { Type = ClientFrameType.Hello, Jwt = "a.b.c" }),
        Case("""{"type":"password","old":"a","new":"b"}""", new() { Type = ClientFrameType.Password, Old = "a", New = "b" }),
        Case("""{"type":"logout"}""", new() { Type = ClientFrameType.Logout }),
        Case("""{"type":"logout","everywhere":true}""", new() { Type = ClientFrameType.Logout, Everywhere = true }),
        Case("""{"type":"join","room":"lobby","after":0,"epoch":"e1","limit":5}""", new() { Type = ClientFrameType.Join, Room = "lobby", After = 0, Epoch = "e1", Limit = 5 }),
        Case("""{"type":"leave","room":"lobby"}""", new() { Type = ClientFrameType.Leave, Room = "lobby" }),
        Case("""{"type":"leave"}""", new() { Type = ClientFrameType.Leave }),
        Case("""{"type":"say","text":"hi","room":"lobby","reply":3,"me":true}""", new() { Type = ClientFrameType.Say, Text = "hi", Room = "lobby", Reply = 3, Me = true }),
        Case("""{"type":"say","text":"","files":["f1","f2"]}""", new() { Type = ClientFrameType.Say, Text = "", Files = ["f1", "f2"] }),
        Case("""{"type":"edit","seq":7,"text":"no","room":"lobby"}""", new() { Type = ClientFrameType.Edit, Seq = 7, Text = "no", Room = "lobby" }),
        Case("""{"type":"delete","seq":7}""", new() { Type = ClientFrameType.Delete, Seq = 7 }),
        Case("""{"type":"react","seq":7,"emoji":"👍","off":true}""", new() { Type = ClientFrameType.React, Seq = 7, Emoji = "👍", Off = true }),
        Case("""{"type":"typing","room":"lobby"}""", new() { Type = ClientFrameType.Typing, Room = "lobby" }),
        Case("""{"type":"typing","off":true}""", new() { Type = ClientFrameType.Typing, Off = true }),
        Case("""{"type":"notify","level":"mentions","room":"lobby"}""", new() { Type = ClientFrameType.Notify, Level = "mentions", Room = "lobby" }),
        Case("""{"type":"read","seq":9223372036854775807}""", new() { Type = ClientFrameType.Read, Seq = long.MaxValue }),
        Case("""{"type":"join","room":"lobby","limit":0}""", new() { Type = ClientFrameType.Join, Room = "lobby", Limit = 0 }),
        Case("""{"type":"history","room":"lobby","before":9,"limit":200}""", new() { Type = ClientFrameType.History, Room = "lobby", Before = 9, Limit = 200 }),
        Case("""{"type":"history","after":9}""", new() { Type = ClientFrameType.History, After = 9 }),
        Case("""{"type":"history","around":9}""", new() { Type = ClientFrameType.History, Around = 9 }),
        Case("""{"type":"rooms","match":"lob"}""", new() { Type = ClientFrameType.Rooms, Match = "lob" }),
        Case("""{"type":"who","room":"lobby"}""", new() { Type = ClientFrameType.Who, Room = "lobby" }),
        Case("""{"type":"who","room":"lobby","limit":20}""", new() { Type = ClientFrameType.Who, Room = "lobby", Limit = 20 }),
        Case("""{"type":"create","room":"den","topic":"t","private":true}""", new() { Type = ClientFrameType.Create, Room = "den", Topic = "t", Private = true }),
        Case("""{"type":"close","room":"den"}""", new() { Type = ClientFrameType.Close, Room = "den" }),
        Case("""{"type":"invite","user":"bob","room":"den"}""", new() { Type = ClientFrameType.Invite, User = "bob", Room = "den" }),
        Case("""{"type":"dm","to":"bob"}""", new() { Type = ClientFrameType.Dm, To = "bob" }),
        Case("""{"type":"dm","to":"bob","text":"hi"}""", new() { Type = ClientFrameType.Dm, To = "bob", Text = "hi" }),
        Case("""{"type":"topic","text":"new","room":"den"}""", new() { Type = ClientFrameType.Topic, Text = "new", Room = "den" }),
        Case("""{"type":"topic","text":""}""", new() { Type = ClientFrameType.Topic, Text = "" }),
        Case("""{"type":"topic","room":"den"}""", new() { Type = ClientFrameType.Topic, Room = "den" }),
        Case("""{"type":"role","user":"bob","role":"owner"}""", new() { Type = ClientFrameType.Role, User = "bob", Role = "owner" }),
        Case("""{"type":"kick","user":"bob","room":"den","seconds":60,"reason":"loud"}""", new() { Type = ClientFrameType.Kick, User = "bob", Room = "den", Seconds = 60, Reason = "loud" }),
        Case("""{"type":"ban","user":"bob","seconds":0}""", new() { Type = ClientFrameType.Ban, User = "bob", Seconds = 0 }),
        Case("""{"type":"unban","user":"bob"}""", new() { Type = ClientFrameType.Unban, User = "bob" }),
        Case("""{"type":"mute","user":"bob"}""", new() { Type = ClientFrameType.Mute, User = "bob" }),
        Case("""{"type":"unmute","user":"bob"}""", new() { Type = ClientFrameType.Unmute, User = "bob" }),
        Case("""{"type":"slow","seconds":0}""", new() { Type = ClientFrameType.Slow, Seconds = 0 }),
        Case("""{"type":"search","query":"keys","room":"den","before":4,"limit":1}""", new() { Type = ClientFrameType.Search, Query = "keys", Room = "den", Before = 4, Limit = 1 }),
        Case("""{"type":"search","query":"keys","from":"bob"}""", new() { Type = ClientFrameType.Search, Query = "keys", From = "bob" }),
        Case("""{"type":"webhook","do":"set","url":"https://example.org/chat","room":"den"}""", new() { Type = ClientFrameType.Webhook, Do = "set", Url = "https://example.org/chat", Room = "den" }),
        Case("""{"do":"show","type":"webhook"}""", new() { Type = ClientFrameType.Webhook, Do = "show" }),
        Case("""{"type":"tokens","do":"create","name":"builds","room":"den"}""", new() { Type = ClientFrameType.Tokens, Do = "create", Name = "builds", Room = "den" }),
        Case("""{"type":"whoami"}""", new() { Type = ClientFrameType.Whoami }),
        Case("""{"type":"help","about":"say"}""", new() { Type = ClientFrameType.Help, About = "say" }),
        Case("""{"type":"ping"}""", new() { Type = ClientFrameType.Ping }),
    ];

    private static TestCaseData Case(string json, ClientFrame frame) => new(json, frame);

    [TestCaseSource(nameof(EveryType))]
    public void Client_frame_is_read(string json, ClientFrame frame) =>
        Wire.Read(json).Should().BeEquivalentTo(frame);

    [TestCaseSource(nameof(EveryType))]
    public void Client_frame_is_the_same_after_writing_and_reading(string json, ClientFrame frame)
    {
        var withId = frame with { Id = FrameId.From("a1") };
        Wire.Read(Wire.ToJson(withId)).Should().BeEquivalentTo(withId);
        Wire.ToJson(frame).Length.Should().BeLessThanOrEqualTo(json.Length, "absent fields are not written");
    }

    [Test]
    public void Every_type_has_a_test_case_and_its_own_row_in_FrameSpecs()
    {
        EveryType.Select(each => ((ClientFrame)each.Arguments[1]!).Type).Should().Contain(Enum.GetValues<ClientFrameType>());
        foreach (var type in Enum.GetValues<ClientFrameType>())
            FrameSpecs.Get(type).Type.Should().Be(type);
    }

    [Test]
    public void String_ids_and_integer_ids_are_different()
    {
        Wire.Read("""{"type":"ping","id":42}""").Id.Should().Be(FrameId.From(42));
        Wire.Read("""{"id":"42","type":"ping"}""").Id.Should().Be(FrameId.From("42"));
        Wire.Read("""{"type":"ping"}""").Id.IsNone.Should().BeTrue();
        Wire.Read("""{"type":"ping","id":-9223372036854775808}""").Id.Key.Should().Be("i-9223372036854775808");
        FrameId.From(42).Key.Should().Be("i42");
        FrameId.From("42").Key.Should().Be("s42");
        FrameId.From(42).ToString().Should().Be("42");
        default(FrameId).Key.Should().BeEmpty();
        FrameId.From(0).IsNone.Should().BeFalse();
    }

    [TestCase("\"\"")]
    [TestCase("1.5")]
    [TestCase("1e3")]
    [TestCase("9223372036854775808")]
    [TestCase("true")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("[[1]]")]
    [TestCase("\"\\ud83d\"")]
    public void Invalid_id_gets_bad_field(string id)
    {
        var error = Wire.ReadError($$"""{"id":{{id}},"type":"ping"}""", out var read);
        error.Code.Should().Be(ErrorCode.BadField);
        error.Text.Should().Contain("\"id\"");
        error.Hint.Should().Be("""{"type":"ping","id":1}""");
        read.IsNone.Should().BeTrue();
    }

    [Test]
    public void Id_has_at_most_64_characters_whatever_their_size_in_bytes()
    {
        foreach (var character in new[] { "x", "é", "👍" })
        {
            Wire.Read($$"""{"type":"ping","id":"{{Repeat(character, 64)}}"}""").Id.IsNone.Should().BeFalse();
            Wire.ReadError($$"""{"type":"ping","id":"{{Repeat(character, 65)}}"}""").Code.Should().Be(ErrorCode.BadField);
        }
        var act = () => FrameId.From("");
        act.Should().Throw<ArgumentException>();

        static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
    }

    [Test]
    public void Fields_may_come_in_any_order_and_the_last_duplicate_is_used()
    {
        Wire.Read("""{"text":5,"text":"hi","id":[],"id":1,"type":"ping","type":"say"}""")
            .Should().Be(new ClientFrame { Type = ClientFrameType.Say, Text = "hi", Id = FrameId.From(1) });
        Wire.ReadError("""{"type":"say","text":"hi","text":5}""").Code.Should().Be(ErrorCode.BadField);
        Wire.ReadError("""{"type":"say","text":"hi","text":null}""").Code.Should().Be(ErrorCode.MissingField);
        Wire.Read("""{"type":"say","text":"hi","me":true,"me":false}""").Me.Should().BeFalse();
    }

    [Test]
    public void Unknown_fields_and_fields_of_other_types_are_ignored()
    {
        Wire.Read("""{"type":"ping","x":{"type":"say","id":9,"a":[1,{"b":null}]},"text":5,"seq":-1,"room":"den"}""")
            .Should().Be(new ClientFrame { Type = ClientFrameType.Ping });
    }

    [Test]
    public void Null_and_empty_string_count_as_absent()
    {
        Wire.Read("""{"type":"who","room":null}""").Room.Should().BeNull();
        Wire.Read("""{"type":"who","room":""}""").Room.Should().BeNull();
        Wire.Read("""{"type":"hello","session":"","name":""}""").Should().Be(new ClientFrame { Type = ClientFrameType.Hello });
        Wire.Read("""{"type":"say","text":"hi","files":null,"me":null,"reply":null}""")
            .Should().Be(new ClientFrame { Type = ClientFrameType.Say, Text = "hi" });
    }

    [Test]
    public void One_leading_number_sign_of_a_room_name_is_removed()
    {
        Wire.Read("""{"type":"join","room":"#lobby"}""").Room.Should().Be("lobby");
        Wire.ReadError("""{"type":"join","room":"#"}""").Code.Should().Be(ErrorCode.MissingField);
    }

    [Test]
    public void Escapes_are_decoded_in_names_types_and_values()
    {
        Wire.Read("""{"\u0074ype":"s\u0061y","te\u0078t":"\ud83d\udc4d\n"}""").Should().Be(new ClientFrame { Type = ClientFrameType.Say, Text = "👍\n" });
    }

    [Test]
    public void Limit_and_seconds_above_the_int_range_are_clamped()
    {
        Wire.Read("""{"type":"history","limit":99999999999}""").Limit.Should().Be(int.MaxValue);
        Wire.Read("""{"type":"kick","user":"bob","seconds":99999999999}""").Seconds.Should().Be(int.MaxValue);
    }

    [Test]
    public void Byte_order_mark_and_blanks_before_the_brace_are_ignored()
    {
        Wire.Read("\uFEFF{\"type\":\"ping\"}").Type.Should().Be(ClientFrameType.Ping);
        Wire.Read(" \t{\"type\":\"ping\"}\r\n").Type.Should().Be(ClientFrameType.Ping);
    }
}
