using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>The server answers every request, even if the HTTP session ends or is replaced while the request is running.</summary>
public sealed class HttpSessionEndTests
{
    private ServerUnderTest _server = null!;
    private HttpTestClient _ann = null!;

    [SetUp]
    public async Task Begin()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _ann = await HttpTestClient.StartSessionAsync(_server.HttpPort, "ann");
    }

    [TearDown]
    public async Task End()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Server_answers_a_POST_if_the_session_ends_before_the_body_arrives()
    {
        await _ann.GetAsync("/poll");
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await late.ConnectAsync("127.0.0.1", _server.HttpPort);
        const string body = """{"type":"ping"}""";
        // The server first finds the session. When it begins to read the body, it sends 100 Continue.
        await late.SendAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST /send HTTP/1.1\r\nHost: 127.0.0.1:{_server.HttpPort}\r\nAuthorization: Bearer {_ann.Token}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n")));
        using var reader = new StreamReader(new NetworkStream(late));
        (await reader.ReadLineAsync().OrFail("100 Continue")).Should().StartWith("HTTP/1.1 100");
        await reader.ReadLineAsync();

        _server.FindConnection("ann").Close(Disconnect.Idle);
        await TestWait.UntilAsync(() => _server.Connections.Count == 0, "the end of the session");
        await late.SendAsync(Encoding.ASCII.GetBytes(body));
        (await reader.ReadToEndAsync().OrFail("an answer")).Should().StartWith("HTTP/1.1 503").And.Contain("\"code\":\"unavailable\"").And.Contain("Retry-After: 1");
    }

    [Test]
    public async Task Server_rejects_a_POST_while_it_is_stopping()
    {
        await _ann.GetAsync("/poll");
        _server.Connections.CloseAll(Disconnect.Draining, NullLogger.Instance);
        await TestWait.UntilAsync(() => _server.Connections.Count == 0, "the end of the session");
        _ = (await _ann.SendAsync("""{"type":"ping"}""")).ShouldBe(503, ErrorCode.Unavailable);
        var kept = (await _ann.GetAsync("/poll")).Frames;
        kept[0].Should().BeOfType<WelcomeFrame>("frames that were not confirmed are kept");
        kept[^1].Should().BeOfType<ByeFrame>().Which.Code.Should().Be(Disconnect.Draining.Code);
    }

    // The store marks a session as ended before the server closes the connections of the session. During this time the server must not
    // reject a GET, because the client would never get the close message.
    [TestCase("logout", 1000)]
    [TestCase("login", 4501)]
    public async Task Session_whose_end_is_not_stored_yet_still_delivers_its_last_frames(string cause, int code)
    {
        var stored = new TaskCompletionSource();
        var storage = new FailingIdentityStore();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<IIdentityStore>(storage), "--Limits:Enabled", "false", "--Sessions:PerAccount", "1");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        ann.Token = (await ann.SendAsync("""{"type":"register","name":"ann","password":"correct horse battery"}"""))
            .Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Session;
        var next = (await ann.GetAsync("/poll")).Next;

        storage.EndDelay = stored.Task;
        using var other = new HttpTestClient(server.HttpPort);
        var ending = cause == "logout"
            ? ann.SendAsync("""{"type":"logout"}""")
            : other.PostAsync("/session", """{"type":"login","name":"ann","password":"correct horse battery"}""");
        var tokens = server.Services.GetRequiredService<ISessionTokens>();
        await TestWait.UntilAsync(() => tokens.LookUpAsync(ann.Token).AsTask() is { IsCompletedSuccessfully: true, Result: SessionStatus.Unknown }, "the end of the token");

        var polled = await ann.GetAsync($"/poll?after={next}");
        polled.Status.Should().Be(200, polled.Body);
        polled.Frames.Should().BeEmpty();
        using var stream = await ann.OpenAsync(HttpMethod.Get, $"/stream?after={next}");
        ((int)stream.StatusCode).Should().Be(200);
        _ = (await ann.SendAsync("""{"type":"ping"}""")).ShouldBe(401, ErrorCode.NotFound);

        stored.SetResult();
        (await ending.OrFail("the answer")).Status.Should().Be(200);
        (await stream.Content.ReadAsStringAsync().OrFail("the end of the stream")).Should().Contain("\"type\":\"bye\"").And.Contain($"\"code\":{code}");
        await TestWait.UntilAsync(() => !server.Services.GetRequiredService<HttpSessionRegistry>().TryFind((ann.Token, ""), out _), "the end of the session");
        _ = (await ann.GetAsync($"/poll?after={next}")).ShouldBe(401, ErrorCode.NotFound);
    }

    [Test]
    public async Task Hello_with_the_token_of_another_session_takes_over_the_requests_of_that_session()
    {
        using var bob = await HttpTestClient.StartSessionAsync(_server.HttpPort, "bob");
        using var stream = await bob.OpenAsync(HttpMethod.Get, "/stream");
        (await _ann.SendAsync($$"""{"type":"hello","session":"{{bob.Token}}"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<WelcomeFrame>().Which.Name.Should().Be("bob");

        (await stream.Content.ReadAsStringAsync().OrFail("the end of the previous stream")).Should().Contain("\"code\":4009");
        await TestWait.UntilAsync(() => _server.Connections.Count == 1, "one connection of the session");
    }
}
