using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>A page of an allowed origin can upload and read files with its token. A page of any other origin gets no permission.</summary>
public sealed class FileOriginTests
{
    private const string Allowed = "https://allowed.example";
    private const string Other = "https://other.example";

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Origins:Allowed:0", Allowed);

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("/files")]
    [TestCase("/files/00000000000000000000000000000000/cat.png")]
    public async Task Page_of_an_allowed_origin_may_send_its_token_and_the_file_name(string path)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.RequestAsync(HttpMethod.Options, path, null, ("Origin", Allowed), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,x-file-name"));
        answer.Status.Should().Be(204);
        Header(answer, "Access-Control-Allow-Origin").Should().Be(Allowed);
        Header(answer, "Access-Control-Allow-Headers").Should().Contain("Authorization").And.Contain("X-File-Name");
        Header(answer, "Access-Control-Allow-Methods").Should().Be("GET, HEAD, POST");
        answer.Headers.Should().NotContain(header => header.Key == "Access-Control-Allow-Credentials", "the server accepts no cookie from a page of another origin");
    }

    [Test]
    public async Task Page_of_an_allowed_origin_can_read_answers_and_errors()
    {
        using var ann = await FileClient.StartAsync(_server.HttpPort);
        var uploaded = await ann.PostAsync([1], "a.bin", ("Origin", Allowed));
        uploaded.Status.Should().Be(201);
        Header(uploaded, "Access-Control-Allow-Origin").Should().Be(Allowed);
        using var nobody = new HttpTestClient(_server.HttpPort);
        var rejected = await nobody.RequestAsync(HttpMethod.Get, "/files/00000000000000000000000000000000/x", null, ("Origin", Allowed));
        rejected.ShouldBe(401, ErrorCode.NotAllowed);
        Header(rejected, "Access-Control-Allow-Origin").Should().Be(Allowed);
        Header(uploaded, "Vary").Should().Be("Origin");
    }

    [Test]
    public async Task Other_origins_and_the_origin_of_the_server_get_no_CORS_headers()
    {
        using var ann = await FileClient.StartAsync(_server.HttpPort);
        foreach (var origin in (string[])[Other, "null", ann.Http.OwnOrigin])
        {
            var answer = await ann.Http.RequestAsync(HttpMethod.Options, "/files", null, ("Origin", origin), ("Access-Control-Request-Method", "POST"));
            answer.Headers.Should().NotContain(header => header.Key.StartsWith("Access-Control", StringComparison.Ordinal), origin);
        }
    }

    private static string Header(HttpTestResponse response, string name) => string.Join(", ", response.Headers[name]);
}
