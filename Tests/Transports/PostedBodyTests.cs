using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>What is posted and is no frame, or not what HTTP calls a body: an answer each, and nothing for the log.</summary>
public sealed class PostedBodyTests
{
    private readonly RecordedLog _log = new(LogLevel.Warning);
    private ServerUnderTest _server = null!;
    private HttpAsker _ann = null!;

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
        _ann = await HttpAsker.BeginAsync(_server.HttpPort);
    }

    [TearDown]
    public void End()
    {
        _ann.Dispose();
        _log.Lines.Should().BeEmpty();
    }

    [TestCase("\"\\ud800\"")]
    [TestCase("\"half a pair \\udc00\"")]
    [TestCase("\"\u00ff\"", TestName = "An_element_that_is_no_frame_is_answered_in_its_place_and_the_others_are_done(not UTF-8)")]
    [TestCase("5")]
    [TestCase("null")]
    [TestCase("true")]
    [TestCase("[]")]
    public async Task An_element_that_is_no_frame_is_answered_in_its_place_and_the_others_are_done(string element)
    {
        // In Latin-1, so that U+00FF is the byte that no UTF-8 has.
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes($$"""[{"type":"ping","id":1},{{element}},{"type":"ping","id":2}]"""));
        var answers = (await _ann.AskAsync(HttpMethod.Post, "/send", content)).Answers;
        answers.Select(answer => answer.GetType().Name).Should().Equal("PongFrame", "ErrorFrame", "PongFrame");
        answers.OfType<ErrorFrame>().Single().Error.Code.Should().Be(ErrorCode.BadFrame);
    }

    [TestCase("""{"type":"ping"}""")]
    [TestCase("""[{"type":"ping"}]""")]
    [TestCase(" \r\n[{\"type\":\"ping\"}]")]
    public async Task A_byte_order_mark_before_frames_does_not_count(string body) =>
        (await _ann.SendAsync($"\uFEFF{body}")).Answers.Should().ContainSingle().Which.Should().BeOfType<PongFrame>();

    [Test]
    public async Task A_byte_order_mark_before_a_hello_does_not_count() =>
        (await _ann.PostAsync("/session", "\uFEFF{\"type\":\"hello\"}")).Status.Should().Be(200);

    [TestCase("/send", "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [TestCase("/session", "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [TestCase("/session", "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")]
    public async Task A_body_that_HTTP_does_not_have_is_refused_and_nobody_else_is_told(string path, string rest)
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
