using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The server answers each invalid frame and each invalid body of a POST, and logs none of them.</summary>
public sealed class PostedBodyTests
{
    private readonly RecordedLog _log = new(LogLevel.Warning);
    private ServerUnderTest _server = null!;
    private HttpTestClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync(
        services => services.AddLogging(logging => logging.AddProvider(_log)), "--Limits:Enabled", "false");

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _log.Dispose();
    }

    [SetUp]
    public async Task Begin()
    {
        _log.Lines.Clear();
        _ann = await HttpTestClient.StartSessionAsync(_server.HttpPort);
    }

    [TearDown]
    public void End()
    {
        _ann.Dispose();
        _log.Lines.Should().BeEmpty();
    }

    [TestCase("\"\\ud800\"")]
    [TestCase("\"half a pair \\udc00\"")]
    [TestCase("\"\u00ff\"", TestName = "Invalid_element_gets_an_error_at_its_place_and_the_other_frames_are_handled(not UTF-8)")]
    [TestCase("5")]
    [TestCase("null")]
    [TestCase("true")]
    [TestCase("[]")]
    public async Task Invalid_element_gets_an_error_at_its_place_and_the_other_frames_are_handled(string element)
    {
        // Latin-1 encodes U+00FF as 0xFF, a byte that is never valid in UTF-8.
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes($$"""[{"type":"ping","id":1},{{element}},{"type":"ping","id":2}]"""));
        var answers = (await _ann.RequestAsync(HttpMethod.Post, "/send", content)).Answers;
        answers.Select(answer => answer.GetType().Name).Should().Equal("PongFrame", "ErrorFrame", "PongFrame");
        answers.OfType<ErrorFrame>().Single().Error.Code.Should().Be(ErrorCode.BadFrame);
    }

    [TestCase("[WARN] disk", """["[WARN] disk"]""")]
    [TestCase("[10:02] 90 % used\n", """["[10:02] 90 % used"]""")]
    public async Task Line_that_begins_with_a_bracket_gets_a_hint_that_posts_the_line(string line, string hint)
    {
        await _ann.CreateRoomAsync();
        var error = (await _ann.SendAsync(line)).ShouldBe(400, ErrorCode.BadJson);
        error.Text.Should().Contain("a line");
        error.Hint.Should().Be(hint);
        (await _ann.SendAsync(hint)).Answers.Should().ContainSingle().Which.Should().BeOfType<AckFrame>();
    }

    [TestCase("""[{"type":"login","name":"ann","password":"my long password"]""")]
    [TestCase("['/login ann my long password")]
    public async Task Hint_for_a_broken_array_does_not_repeat_the_password(string body)
    {
        (await _ann.SendAsync(body)).ShouldBe(400, ErrorCode.BadJson).Hint.Should().NotContain("password");
    }

    [TestCase("""{"type":"ping"}""")]
    [TestCase("""[{"type":"ping"}]""")]
    [TestCase(" \r\n[{\"type\":\"ping\"}]")]
    public async Task Server_ignores_a_byte_order_mark_before_frames(string body) =>
        (await _ann.SendAsync($"\uFEFF{body}")).Answers.Should().ContainSingle().Which.Should().BeOfType<PongFrame>();

    [Test]
    public async Task Server_ignores_a_byte_order_mark_before_a_hello() =>
        (await _ann.PostAsync("/session", "\uFEFF{\"type\":\"hello\"}")).Status.Should().Be(200);

    [TestCase("/send", "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [TestCase("/session", "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [TestCase("/session", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")]
    public async Task Server_rejects_a_body_with_invalid_chunks_and_logs_nothing(string path, string rest)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", _server.HttpPort);
        await using var stream = new NetworkStream(socket);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{_server.HttpPort}\r\nAuthorization: Bearer {_ann.Token}\r\n{rest}"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync().OrFail("the end of the connection");
        answer.Should().StartWith("HTTP/1.1 400 ").And.Contain("\"code\":\"bad-frame\"");
        (await _ann.SendAsync("""{"type":"ping"}""")).Status.Should().Be(200);
    }
}
