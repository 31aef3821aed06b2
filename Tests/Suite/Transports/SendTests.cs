using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>POST /send: the answers to the posted frames, in order.</summary>
public sealed class SendTests
{
    private ServerUnderTest _server = null!;
    private HttpTestClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Http:FramesPerPost", "50");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [SetUp]
    public async Task Begin() => _ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);

    [TearDown]
    public void End() => _ann.Dispose();

    [Test]
    public async Task Answers_are_in_the_order_of_the_frames_even_if_some_are_deferred()
    {
        var room = await _ann.CreateRoomAsync();
        var answers = (await _ann.SendAsync($$"""[{"type":"say","room":"{{room}}","text":"a","id":1},{"type":"ping","id":2},{"type":"say","room":"{{room}}","text":"b","id":3},{"type":"nope","id":4},{"type":"say","text":"c","id":5},"/who"]""")).Answers;
        answers.Select(answer => answer.GetType().Name).Should().Equal("AckFrame", "PongFrame", "AckFrame", "ErrorFrame", "AckFrame", "WhoFrame");
        answers.OfType<AckFrame>().Select(ack => (ack.Seq, ack.Id.ToString())).Should().Equal((1, "1"), (2, "3"), (3, "5"));
    }

    [Test]
    public async Task Line_of_text_joins_the_lobby_and_posts_a_message()
    {
        var answers = (await _ann.SendAsync("hello, is somebody here?")).Answers;
        answers.Select(answer => answer.GetType().Name).Should().Equal("JoinedFrame", "AckFrame");
        (await _ann.GetAsync("/poll")).Frames.OfType<MessageFrame>().Should().ContainSingle().Which.Text.Should().Be("hello, is somebody here?");
    }

    [Test]
    public async Task Empty_array_gets_an_empty_array() => (await _ann.SendAsync("[]")).Body.Should().Be("[]");

    [TestCase("[1,2")]
    [TestCase("[SAY,2")]
    [TestCase("[SAY]]")]
    [TestCase("[SAY")]
    public async Task Server_rejects_an_invalid_array_and_handles_none_of_its_frames(string body)
    {
        var room = await _ann.CreateRoomAsync();
        var say = $$"""{"type":"say","room":"{{room}}","text":"x"}""";
        _ = (await _ann.SendAsync(body.Replace("SAY", say, StringComparison.Ordinal))).ShouldBe(400, ErrorCode.BadJson);
        (await _ann.SendAsync(say)).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>().Which.Seq.Should().Be(1, "the room has no earlier message");
    }

    [Test]
    public async Task Server_rejects_a_POST_with_too_many_frames_and_handles_none_of_them()
    {
        var room = await _ann.CreateRoomAsync();
        var say = $$"""{"type":"say","room":"{{room}}","text":"x"}""";
        (await _ann.SendAsync($"[{string.Join(',', Enumerable.Repeat(say, 51))}]")).ShouldBe(400, ErrorCode.BadJson).Text.Should().Contain("50");
        (await _ann.SendAsync($"[{string.Join(',', Enumerable.Repeat(say, 50))}]")).Answers.OfType<AckFrame>().Select(ack => ack.Seq!.Value)
            .Should().Equal(Enumerable.Range(1, 50).Select(seq => (long)seq), "the room has no earlier message");
    }

    [Test]
    public async Task Frame_that_is_too_big_gets_an_error_at_its_place_in_the_answers()
    {
        var answers = (await _ann.SendAsync($$"""[{"type":"ping","id":1},{"type":"say","text":"{{new string('x', 65_536)}}"},{"type":"ping","id":2}]""")).Answers;
        answers.Select(answer => answer.GetType().Name).Should().Equal("PongFrame", "ErrorFrame", "PongFrame");
        answers.OfType<ErrorFrame>().Single().Error.Code.Should().Be(ErrorCode.TooBig);
    }

    [TestCase("{0}")]
    [TestCase("[{0}]")]
    public async Task Maximum_nesting_depth_is_the_same_for_a_single_frame_and_an_array(string body)
    {
        (await AnswerAsync(64)).Should().BeOfType<PongFrame>();
        (await AnswerAsync(65)).Should().BeOfType<ErrorFrame>().Which.Error.Text.Should().Contain("nested deeper than 64");
        (await AnswerAsync(10_000)).Should().BeOfType<ErrorFrame>().Which.Error.Code.Should().Be(ErrorCode.BadJson);

        async Task<ServerFrame> AnswerAsync(int depth)
        {
            var (open, close) = (new string('[', depth - 1), new string(']', depth - 1));
            var answer = await _ann.SendAsync(body.Replace("{0}", $$"""{"type":"ping","x":{{open}}{{close}}}""", StringComparison.Ordinal));
            return answer.Answers.Should().ContainSingle().Subject;
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Server_rejects_a_body_that_is_too_big_whether_or_not_its_length_is_declared(bool declared)
    {
        var body = Encoding.UTF8.GetBytes($"[{new string(' ', 16 * 65_536)}]");
        using HttpContent content = declared ? new ByteArrayContent(body) : new StreamContent(new StreamWithoutLength(body));
        _ = (await _ann.RequestAsync(HttpMethod.Post, "/send", content)).ShouldBe(413, ErrorCode.TooBig);
    }

    [TestCase("GET", "/send", "POST")]
    [TestCase("PUT", "/send", "POST")]
    [TestCase("POST", "/poll", "GET")]
    [TestCase("POST", "/longpoll", "GET")]
    [TestCase("DELETE", "/events", "GET")]
    [TestCase("POST", "/stream", "GET")]
    [TestCase("POST", "/iframe", "GET")]
    public async Task Server_rejects_another_method_and_names_the_allowed_one(string method, string path, string allowed)
    {
        var answer = await _ann.RequestAsync(new HttpMethod(method), path, null);
        answer.ShouldBe(405, ErrorCode.BadFrame);
        answer.Headers["Allow"].Should().Equal(allowed);
    }

    [Test]
    public async Task Server_sends_the_ack_before_it_sends_the_message_to_its_author()
    {
        var responses = new ResponseRecorder();
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(responses), "--Limits:Enabled", "false");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        var room = await ann.CreateRoomAsync();
        var next = (await ann.GetAsync("/poll")).Next;
        for (var i = 0; i < 200; i++)
        {
            responses.Paths.Clear();
            var posting = ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"{{i}}"}""");
            var polled = await ann.GetAsync($"/longpoll?after={next}");
            (await posting).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
            polled.Frames.Should().ContainSingle().Which.Should().BeOfType<MessageFrame>();
            // The POST and the long-poll use different connections, so the client may read the two responses in any order. Only the server knows
            // which response it began first.
            responses.Paths.Should().Equal("/send", "/longpoll");
            next = polled.Next;
        }
    }

    [Test]
    public async Task Register_changes_the_token_and_keeps_the_session()
    {
        var room = await _ann.CreateRoomAsync();
        var next = (await _ann.GetAsync("/poll")).Next;
        var before = _ann.Token;
        var welcome = (await _ann.SendAsync($$"""{"type":"register","name":"keeper","password":"correct horse"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Subject;
        welcome.Session.Should().NotBe(before).And.NotBeEmpty();

        _ = (await _ann.GetAsync("/poll")).ShouldBe(401, ErrorCode.NotFound);
        _ann.Token = welcome.Session;
        await _ann.SendAsync($$"""{"type":"say","room":"{{room}}","text":"still here"}""");
        (await _ann.GetAsync($"/poll?after={next}")).Frames.OfType<MessageFrame>().Should().ContainSingle("the session is still in its room");
    }

    [Test]
    public async Task Token_that_another_connection_has_replaced_is_invalid()
    {
        await _ann.GetAsync("/poll");
        await using var device = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_ann.Token}");
        await device.SendAsync("/register elsewhere correct horse");
        await device.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
        _ = (await _ann.GetAsync("/poll")).ShouldBe(401, ErrorCode.NotFound);
        _ = (await _ann.SendAsync("""{"type":"ping"}""")).ShouldBe(401, ErrorCode.NotFound);
    }

    [Test]
    public async Task Logout_ends_the_session_on_every_transport()
    {
        var held = _ann.GetAsync($"/longpoll?after={(await _ann.GetAsync("/poll")).Next}");
        await _server.WaitForWaitingReadsAsync(1);
        (await _ann.SendAsync("""{"type":"logout"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
        (await held).Frames.Should().ContainSingle().Which.Should().BeOfType<ByeFrame>().Which.Reconnect.Should().BeFalse();
        _ = (await _ann.GetAsync("/poll")).ShouldBe(401, ErrorCode.NotFound);
        _ = (await _ann.SendAsync("""{"type":"ping"}""")).ShouldBe(401, ErrorCode.NotFound);
    }

    [Test]
    public async Task Server_handles_concurrent_POSTs_one_after_the_other()
    {
        var room = await _ann.CreateRoomAsync();
        var posts = Enumerable.Range(0, 20).Select(i => _ann.SendAsync(
            $"[{string.Join(',', Enumerable.Range(0, 10).Select(k => $$"""{"type":"say","room":"{{room}}","text":"{{i}}","id":"{{i}}-{{k}}"}"""))}]")).ToList();
        var acks = new List<long>();
        foreach (var post in posts)
        {
            var seqs = (await post).Answers.Cast<AckFrame>().Select(ack => ack.Seq!.Value).ToList();
            seqs.Should().Equal(Enumerable.Range((int)seqs[0], 10).Select(seq => (long)seq), "the frames of one POST are handled without interruption");
            acks.AddRange(seqs);
        }

        acks.Order().Should().Equal(Enumerable.Range(1, 200).Select(seq => (long)seq));
    }

    [Test]
    public async Task Server_holds_back_broadcasts_until_the_answers_to_the_POST_are_written()
    {
        using var hasher = new SlowHasher();
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IPasswordHasher<StoredAccount>>(hasher));
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        await ann.SendAsync("""{"type":"join","room":"lobby"}""");
        var next = (await ann.GetAsync("/poll")).Next;
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;

        var posting = ann.SendAsync("""[{"type":"say","text":"mine"},{"type":"register","name":"held","password":"correct horse"}]""");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "mine");
        (await ann.GetAsync($"/poll?after={next}")).Frames.OfType<MessageFrame>().Should().BeEmpty("the ack is not written yet");

        hasher.Continue();
        ann.Token = (await posting).Answers.OfType<WelcomeFrame>().Single().Session;
        (await ann.GetAsync($"/longpoll?after={next}")).Frames.OfType<MessageFrame>().Should().ContainSingle();
    }

    /// <summary>Records the path of each request at the moment when the server begins the response.</summary>
    private sealed class ResponseRecorder : IStartupFilter
    {
        public ConcurrentQueue<string> Paths { get; } = new();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, inner) =>
            {
                context.Response.OnStarting(() =>
                {
                    Paths.Enqueue($"{context.Request.Path}");
                    return Task.CompletedTask;
                });
                return inner(context);
            });
            next(app);
        };
    }

    private sealed class SlowHasher : IPasswordHasher<StoredAccount>, IDisposable
    {
        private readonly ManualResetEventSlim _continue = new();

        public void Continue() => _continue.Set();

        public string HashPassword(StoredAccount user, string password)
        {
            _continue.Wait(TestWait.Timeout);
            return password;
        }

        public PasswordVerificationResult VerifyHashedPassword(StoredAccount user, string hashedPassword, string providedPassword) => PasswordVerificationResult.Failed;

        public void Dispose() => _continue.Dispose();
    }

    /// <summary>A stream whose length is unknown, so that the client sends no Content-Length.</summary>
    private sealed class StreamWithoutLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
