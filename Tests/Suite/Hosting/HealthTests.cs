using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>The addresses for load balancers, and the answers to OPTIONS.</summary>
public sealed class HealthTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("/healthz")]
    [TestCase("/readyz")]
    [TestCase("/readyz/")]
    public async Task Server_reports_that_it_is_alive_and_ready(string path)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.GetAsync(path);
        (answer.Status, answer.Body).Should().Be((200, "ok\n"));
        answer.Headers["Cache-Control"].Should().Equal("no-store");
        (await http.RequestAsync(HttpMethod.Head, path, null)).Status.Should().Be(200);
    }

    [Test]
    public async Task Server_with_data_in_memory_is_ready()
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Durability", "none");
        using var http = new HttpTestClient(server.HttpPort);
        (await http.GetAsync("/readyz")).Status.Should().Be(200);
    }

    [Test]
    public async Task Server_that_is_shutting_down_is_alive_but_not_ready()
    {
        await using var server = await ServerUnderTest.StartAsync();
        server.Connections.CloseAll(Disconnect.Draining, NullLogger.Instance);
        using var http = new HttpTestClient(server.HttpPort);
        var answer = await http.GetAsync("/readyz");
        (answer.Status, answer.Body).Should().Be((503, "the server is shutting down\n"));
        (await http.GetAsync("/healthz")).Status.Should().Be(200);
    }

    [TestCase("/", "GET, HEAD, OPTIONS")]
    [TestCase("/ws", "GET, OPTIONS")]
    [TestCase("/ws/", "GET, OPTIONS")]
    [TestCase("/session", "POST, OPTIONS")]
    [TestCase("/send", "POST, OPTIONS")]
    [TestCase("/poll", "GET, OPTIONS")]
    [TestCase("/longpoll", "GET, OPTIONS")]
    [TestCase("/events", "GET, OPTIONS")]
    [TestCase("/stream", "GET, OPTIONS")]
    [TestCase("/iframe", "GET, OPTIONS")]
    [TestCase("/healthz", "GET, HEAD, OPTIONS")]
    [TestCase("/readyz", "GET, HEAD, OPTIONS")]
    public async Task Server_answers_OPTIONS_with_the_methods_of_the_address(string path, string allowed)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.RequestAsync(HttpMethod.Options, path, null);
        (answer.Status, answer.Body).Should().Be((204, ""));
        string.Join(", ", answer.Headers["Allow"]).Should().Be(allowed);
    }

    [Test]
    public async Task Server_answers_OPTIONS_for_the_whole_server()
    {
        await using var client = await LineClient.ConnectAsync(_server.HttpPort);
        await client.SendAsync("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r");
        await client.Ended.OrFail("the end of the response");
        client.Lines[0].Should().StartWith("HTTP/1.1 204");
        client.Lines.Should().Contain("Allow: GET, HEAD, POST, DELETE, OPTIONS\r");
    }

    [Test]
    public async Task Server_answers_OPTIONS_for_an_unknown_address_with_404()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        (await http.RequestAsync(HttpMethod.Options, "/nowhere", null)).Status.Should().Be(404);
    }
}
