using System.Text.RegularExpressions;
using CsCheck;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Writing and reading server frames.</summary>
public class ServerFrameTests
{
    private static readonly Person Ann = new("u1", "ann");
    private static readonly Person Bob = new("u2", "bob");
    private static readonly FrameId Id = FrameId.From("a1");
    private static readonly ReadOnlyMemory<byte> Raw = Wire.ToBytes("""{"type":"message", "deleted":true,"x":[ 1 ]}""");

    private static readonly TestCaseData[] Frames =
    [
        Case(new WelcomeFrame(Id, "t0k", "u1", "ann", true, "chat 1", Wire.At, new(65536, 4000, 5, 100, 5_000_000_000), ["lobby"]),
            """{"type":"welcome","id":"a1","session":"t0k","user":"u1","name":"ann","guest":true,"protocol":1,"server":"chat 1","at":"2026-11-23T10:02:31.123Z","limits":{"frameBytes":65536,"textLength":4000,"messagesPerSecond":5,"namedMembers":100,"fileBytes":5000000000},"rooms":["lobby"],"features":[]}"""),
        Case(new WelcomeFrame(Id, "", "u1", "ann", false, "chat 1", Wire.At, new(65536, 4000, 5, 100), [], ["search", "files"]),
            """{"type":"welcome","id":"a1","session":"","user":"u1","name":"ann","guest":false,"protocol":1,"server":"chat 1","at":"2026-11-23T10:02:31.123Z","limits":{"frameBytes":65536,"textLength":4000,"messagesPerSecond":5,"namedMembers":100,"fileBytes":0},"rooms":[],"features":["search","files"]}"""),
        Case(new AckFrame(default), """{"type":"ack"}"""),
        Case(new AckFrame(FrameId.From(7), Name: "bob"), """{"type":"ack","id":7,"name":"bob"}"""),
        Case(new AckFrame(FrameId.From(7), "lobby", 3, Wire.At, true),
            """{"type":"ack","id":7,"room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","duplicate":true}"""),
        Case(new AckFrame(Id, "lobby", Topic: ""), """{"type":"ack","id":"a1","room":"lobby","topic":""}"""),
        Case(new ErrorFrame(default, new(ErrorCode.NoRoom, "no such room \"loby\"", "/join lobby")),
            """{"type":"error","code":"no-room","text":"no such room \"loby\"","hint":"/join lobby"}"""),
        Case(new ErrorFrame(Id, new(ErrorCode.RateLimited, "too fast", null, 1500)),
            """{"type":"error","id":"a1","code":"rate-limited","text":"too fast","retryAfterMs":1500}"""),
        Case(new JoinedFrame(Id, "lobby", "e1", 9, "t", "member", [Ann], 1, null, []),
            """{"type":"joined","id":"a1","room":"lobby","epoch":"e1","seq":9,"topic":"t","role":"member","members":[{"user":"u1","name":"ann"}],"memberCount":1,"read":0,"unread":0,"mentions":0,"notify":"all","messages":[]}"""),
        Case(new JoinedFrame(default, "lobby", "e1", 9, "", "owner", [], 500, false, [Raw, Raw]),
            """{"type":"joined","room":"lobby","epoch":"e1","seq":9,"topic":"","role":"owner","members":[],"memberCount":500,"read":0,"unread":0,"mentions":0,"notify":"all","recovered":false,"messages":[{"type":"message", "deleted":true,"x":[ 1 ]},{"type":"message", "deleted":true,"x":[ 1 ]}]}"""),
        Case(new JoinedFrame(Id, "lobby", "e1", 9, "", "member", [], 1, true, [], 7),
            """{"type":"joined","id":"a1","room":"lobby","epoch":"e1","seq":9,"topic":"","role":"member","members":[],"memberCount":1,"read":7,"unread":0,"mentions":0,"notify":"all","recovered":true,"messages":[]}"""),
        Case(new JoinedFrame(Id, "d1", "e1", 9, "", "member", [], 2, null, [], 7, true, Bob, 10, 2, 1, "mentions"),
            """{"type":"joined","id":"a1","room":"d1","epoch":"e1","seq":9,"topic":"","role":"member","private":true,"with":{"user":"u2","name":"bob"},"members":[],"memberCount":2,"slow":10,"read":7,"unread":2,"mentions":1,"notify":"mentions","messages":[]}"""),
        Case(new ReadFrame("lobby", 7, 3, 1), """{"type":"read","room":"lobby","seq":7,"unread":3,"mentions":1}"""),
        Case(new TypingFrame("lobby", "u1", "ann"), """{"type":"typing","room":"lobby","user":"u1","name":"ann"}"""),
        Case(new TypingFrame("lobby", "u1", "ann", true), """{"type":"typing","room":"lobby","user":"u1","name":"ann","off":true}"""),
        Case(new InvitedFrame("den", Ann, Wire.At, "t"),
            """{"type":"invited","room":"den","from":{"user":"u1","name":"ann"},"at":"2026-11-23T10:02:31.123Z","topic":"t"}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "hi"),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"hi"}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "<é👍>'&", 2, true),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"<é👍>'&","reply":2,"me":true}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "hi @bob", Mentions: ["u2", "here"], Edited: Wire.At,
                Reactions: [new("👍🏽", [Ann, Bob]), new("#️⃣", [Bob])]),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"hi @bob","mentions":["u2","here"],"edited":"2026-11-23T10:02:31.123Z","reactions":{"👍🏽":[{"user":"u1","name":"ann"},{"user":"u2","name":"bob"}],"#️⃣":[{"user":"u2","name":"bob"}]}}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "", Reply: 2, Deleted: true),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"reply":2,"deleted":true}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "", Files: [new("f1", "猫.png", "image/png", 6_000_000_000, 640, 480), new("f2", "a.bin", "application/octet-stream", 0)]),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"","files":[{"id":"f1","name":"猫.png","type":"image/png","bytes":6000000000,"width":640,"height":480},{"id":"f2","name":"a.bin","type":"application/octet-stream","bytes":0}]}"""),
        Case(new EditedFrame("lobby", 3, Wire.At, Ann, 2, "hello"), """{"type":"edited","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"of":2,"text":"hello"}"""),
        Case(new EditedFrame("lobby", 3, Wire.At, Ann, 2, "@bob", ["u2"]), """{"type":"edited","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"of":2,"text":"@bob","mentions":["u2"]}"""),
        Case(new DeletedFrame("lobby", 3, Wire.At, Ann, 2), """{"type":"deleted","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"of":2}"""),
        Case(new ReactedFrame("lobby", 3, Wire.At, Ann, 2, "👍"), """{"type":"reacted","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"of":2,"emoji":"👍"}"""),
        Case(new ReactedFrame("lobby", 3, Wire.At, Ann, 2, "👍", true), """{"type":"reacted","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"of":2,"emoji":"👍","off":true}"""),
        Case(new ModeratedFrame("lobby", 3, Wire.At, Ann, "mute", Bob, Seconds: 60, Reason: "too loud"),
            """{"type":"moderated","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"action":"mute","user":"u2","name":"bob","seconds":60,"reason":"too loud"}"""),
        Case(new ModeratedFrame("lobby", 3, Wire.At, Ann, "role", Bob, "owner"),
            """{"type":"moderated","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"action":"role","user":"u2","name":"bob","role":"owner"}"""),
        Case(new ModeratedFrame("lobby", 3, Wire.At, Ann, "slow", Seconds: 0), """{"type":"moderated","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"action":"slow","seconds":0}"""),
        Case(new TopicFrame("lobby", 4, Wire.At, Ann, ""),
            """{"type":"topic","room":"lobby","seq":4,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":""}"""),
        Case(new PresenceFrame("lobby", "u1", "ann", "left", At: Wire.At),
            """{"type":"presence","room":"lobby","user":"u1","name":"ann","state":"left","at":"2026-11-23T10:02:31.123Z"}"""),
        Case(new PresenceFrame("lobby", "u1", "ann", "joined"), """{"type":"presence","room":"lobby","user":"u1","name":"ann","state":"joined"}"""),
        Case(new PresenceFrame("lobby", "u1", "ann", "renamed", "bob", 2),
            """{"type":"presence","room":"lobby","user":"u1","name":"ann","state":"renamed","was":"bob","memberCount":2}"""),
        Case(new PresenceFrame("lobby", null, null, "count", null, 101), """{"type":"presence","room":"lobby","state":"count","memberCount":101}"""),
        Case(new ResultsFrame(Id, "lost keys", [Raw], 456), """{"type":"results","id":"a1","query":"lost keys","messages":[{"type":"message", "deleted":true,"x":[ 1 ]}],"before":456}"""),
        Case(new ResultsFrame(Id, "lost keys", []), """{"type":"results","id":"a1","query":"lost keys","messages":[]}"""),
        Case(new MessageFrame("lobby", 3, Wire.At, Ann, "my keys", Snippet: new("my keys", [new(0, 2), new(3, 4)])),
            """{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"my keys","snippet":{"text":"my keys","marks":[[0,2],[3,4]]}}"""),
        Case(new HistoryFrame(Id, "lobby", [Raw], true),
            """{"type":"history","id":"a1","room":"lobby","messages":[{"type":"message", "deleted":true,"x":[ 1 ]}],"more":true}"""),
        Case(new RoomsFrame(Id, [new("lobby", "t", 3)]), """{"type":"rooms","id":"a1","rooms":[{"room":"lobby","topic":"t","memberCount":3}]}"""),
        Case(new WhoFrame(Id, "lobby", [Ann], 1, [new("u2", "bob", Role: "owner")]), """{"type":"who","id":"a1","room":"lobby","members":[{"user":"u1","name":"ann"}],"memberCount":1,"away":[{"user":"u2","name":"bob","role":"owner"}]}"""),
        Case(new WhoFrame(Id, "lobby", [Ann], 1), """{"type":"who","id":"a1","room":"lobby","members":[{"user":"u1","name":"ann"}],"memberCount":1}"""),
        Case(new MessageFrame("lobby", 7, Wire.At, new Person("b1", "builds", Bot: true), "ok"),
            """{"type":"message","room":"lobby","seq":7,"at":"2026-11-23T10:02:31.123Z","from":{"user":"b1","name":"builds","bot":true},"text":"ok"}"""),
        Case(new TokensFrame(Id, "create", "lobby", [new("builds", Wire.At)], "builds", "t0k"),
            """{"type":"tokens","id":"a1","do":"create","room":"lobby","name":"builds","token":"t0k","tokens":[{"name":"builds","at":"2026-11-23T10:02:31.123Z"}]}"""),
        Case(new TokensFrame(Id, "list", "lobby", []), """{"type":"tokens","id":"a1","do":"list","room":"lobby","tokens":[]}"""),
        Case(new WebhookFrame(Id, "set", "lobby", [], "https://example.org/chat", "whsec_c2VjcmV0", 7),
            """{"type":"webhook","id":"a1","do":"set","room":"lobby","url":"https://example.org/chat","secret":"whsec_c2VjcmV0","delivered":7,"failed":[]}"""),
        Case(new WebhookFrame(Id, "show", "lobby", [new(3, Wire.At, 8, "no answer"), new(4, Wire.At, 0, "no answer")], "https://example.org/chat", Delivered: 7, Failing: new("no answer", Wire.At, Wire.At)),
            """{"type":"webhook","id":"a1","do":"show","room":"lobby","url":"https://example.org/chat","delivered":7,"failing":{"error":"no answer","since":"2026-11-23T10:02:31.123Z","next":"2026-11-23T10:02:31.123Z"},"failed":[{"seq":3,"at":"2026-11-23T10:02:31.123Z","attempts":8,"error":"no answer"},{"seq":4,"at":"2026-11-23T10:02:31.123Z","attempts":0,"error":"no answer"}]}"""),
        Case(new WebhookFrame(Id, "show", "lobby", [], "https://example.org/chat", Delivered: 7, Failing: new("gone", Wire.At, null)),
            """{"type":"webhook","id":"a1","do":"show","room":"lobby","url":"https://example.org/chat","delivered":7,"failing":{"error":"gone","since":"2026-11-23T10:02:31.123Z"},"failed":[]}"""),
        Case(new WebhookFrame(Id, "remove", "lobby", []), """{"type":"webhook","id":"a1","do":"remove","room":"lobby","failed":[]}"""),
        Case(new HelpFrame(Id, "join", [new("join", "/join room", "{\"type\":\"ping\"}", "enters")]),
            """{"type":"help","id":"a1","about":"join","commands":[{"command":"join","usage":"/join room","json":"{\"type\":\"ping\"}","text":"enters"}]}"""),
        Case(new PongFrame(Id, Wire.At), """{"type":"pong","id":"a1","at":"2026-11-23T10:02:31.123Z"}"""),
        Case(new WireFrame(Wire.At.AddMicroseconds(45)), """{"type":"wire","at":"2026-11-23T10:02:31.123Z","us":45}"""),
        Case(new WireFrame(Wire.At), """{"type":"wire","at":"2026-11-23T10:02:31.123Z","us":0}"""),
        Case(new GapFrame("lobby", 3, 9), """{"type":"gap","room":"lobby","from":3,"to":9}"""),
        Case(new LagFrame(3, 9), """{"type":"lag","queued":3,"limit":9}"""),
        Case(new ByeFrame(4001, "restarting", true, 500), """{"type":"bye","code":4001,"text":"restarting","reconnect":true,"afterMs":500}"""),
        Case(new ByeFrame(4503, "kicked", false), """{"type":"bye","code":4503,"text":"kicked","reconnect":false}"""),
    ];

    private static TestCaseData Case(ServerFrame frame, string json) => new(frame, json);

    [TestCaseSource(nameof(Frames))]
    public void Server_frame_is_written(ServerFrame frame, string json) => Wire.ToJson(frame).Should().Be(json);

    [TestCaseSource(nameof(Frames))]
    public void Server_frame_is_the_same_after_writing_and_reading(ServerFrame frame, string json)
    {
        var read = Wire.ReadServer(json);
        read.Should().BeOfType(frame.GetType());
        Wire.ToJson(read).Should().Be(json);
        read.Should().BeEquivalentTo(frame, options => options.RespectingRuntimeTypes()
            .Using<ReadOnlyMemory<byte>>(context => context.Subject.ToArray().Should().Equal(context.Expectation.ToArray()))
            .WhenTypeIs<ReadOnlyMemory<byte>>());
    }

    [Test]
    public void Every_type_of_server_frame_has_a_test_case()
    {
        var kinds = typeof(ServerFrame).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ServerFrame)));
        Frames.Select(each => each.Arguments[0]!.GetType()).Should().Contain(kinds);
    }

    [Test]
    public void Times_are_written_in_UTC_with_exactly_three_decimals()
    {
        var elsewhere = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.FromHours(2)).AddTicks(9999);
        Wire.ToJson(new PongFrame(default, elsewhere)).Should().Be("""{"type":"pong","at":"2026-01-01T22:00:00.000Z"}""");
    }

    [Test]
    public void Frame_contains_no_NUL_no_newline_and_no_lone_surrogate()
    {
        var control = string.Concat(Enumerable.Range(0, 0xa0).Select(c => (char)c)) + "\u2028\ud83d x \udc00";
        var bytes = ChatCodec.Encode(new MessageFrame("lobby", 1, Wire.At, Ann, control));
        bytes.Should().OnlyContain(b => b >= 0x20);
        var read = (MessageFrame)Wire.ReadServer(System.Text.Encoding.UTF8.GetString(bytes));
        read.Text.Should().Be(control.Replace('\ud83d', '\uFFFD').Replace('\udc00', '\uFFFD'));

        Gen.String.Sample(text =>
        {
            var encoded = ChatCodec.Encode(new MessageFrame("lobby", 1, Wire.At, Ann, text));
            encoded.Should().OnlyContain(b => b >= 0x20);
            ChatCodec.TryReadServer(encoded, out _).Should().BeTrue();
        });
    }

    [Test]
    public void Empty_lists_of_a_message_are_not_written() =>
        Wire.ToJson(new MessageFrame("lobby", 1, Wire.At, Ann, "hi", Mentions: [], Reactions: []))
            .Should().Be(Wire.ToJson(new MessageFrame("lobby", 1, Wire.At, Ann, "hi")));

    [Test]
    public void Text_of_a_deleted_message_is_never_written() =>
        Wire.ToJson(new MessageFrame("lobby", 1, Wire.At, Ann, "secret", Deleted: true)).Should().NotContain("secret");

    // The class JsonText, not the framework, escapes strings that contain characters above U+FFFF.
    [TestCase(1)]
    [TestCase(1000)]
    public void Special_characters_are_escaped_but_emoji_beside_them_are_not(int times)
    {
        var text = string.Concat(Enumerable.Repeat("👍\"\\\n\r\t\0\u001f\u007f\u009f<é\u2028 ", times));
        var json = Wire.ToJson(new MessageFrame("lobby", 1, Wire.At, Ann, text));
        json.Should().Contain("👍\\\"\\\\\\n\\r\\t\\u0000\\u001f\\u007f\\u009f<é");
        ((MessageFrame)Wire.ReadServer(json)).Text.Should().Be(text);
    }

    [Test]
    public void Encode_returns_no_bytes_of_an_earlier_larger_frame()
    {
        var small = Wire.ToJson(new AckFrame(default));
        ChatCodec.Encode(new MessageFrame("lobby", 1, Wire.At, Ann, new string('x', 200_000)));
        ChatCodec.Encode(new MessageFrame("lobby", 1, Wire.At, Ann, new string('x', 2_000)));
        Wire.ToJson(new AckFrame(default)).Should().Be(small);
    }

    [TestCase("")]
    [TestCase("hi")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"type":"edited","room":"lobby","seq":3}""")]
    [TestCase("""{"type":"say","text":"x"}""")]
    [TestCase("""{"type":"message","room":"lobby"}""")]
    [TestCase("""{"type":"message","room":"lobby","seq":"3","at":"2026-11-23T10:02:31.123Z","from":{"user":"u1","name":"ann"},"text":"hi"}""")]
    [TestCase("""{"type":"message","room":"lobby","seq":3,"at":"yesterday","from":{"user":"u1","name":"ann"},"text":"hi"}""")]
    [TestCase("""{"type":"message","room":"lobby","seq":3,"at":"2026-11-23T10:02:31.123Z","from":7,"text":"hi"}""")]
    [TestCase("""{"type":"bye","code":70000,"text":"x"}""")]
    [TestCase("""{"type":"bye","code":4001,"text":"x"} {}""")]
    [TestCase("""{"type":"bye","code":4001,"text":"\ud83d"}""")]
    [TestCase("""{"type":"bye","code":4001,"text":"x" """)]
    public void Invalid_and_unknown_frames_are_not_read(string json) => ChatCodec.TryReadServer(Wire.ToBytes(json), out _).Should().BeFalse();

    [Test]
    public void Unknown_fields_and_fields_of_other_JSON_types_are_ignored()
    {
        Wire.ReadServer("""{"x":{"type":"bye"},"type":"gap","seq":{"to":1},"me":[{"to":2}],"id":{"to":3},"limits":[{"to":4}],"members":{"to":5},"room":"lobby","from":1,"to":9,"rooms":{"to":6},"code":[7]}""")
            .Should().Be(new GapFrame("lobby", 1, 9));
    }

    [Test]
    public void Error_codes_equal_the_codes_in_the_specification()
    {
        var codes = typeof(ErrorCode).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToList();
        codes.Should().OnlyHaveUniqueItems().And.HaveCount(23);
        foreach (var field in typeof(ErrorCode).GetFields())
        {
            var words = Regex.Replace(field.Name, "(?<!^)([A-Z])", "-$1");
            field.GetRawConstantValue().Should().Be(words.ToLowerInvariant());
        }
    }
}
