using System.Net;
using System.Text.Json;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>The tables of the page's texts at <c>/languages</c>. Tests/Client/translations.test.mjs checks the contents of the tables.</summary>
public sealed class LanguageTableTests
{
    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--PathBase", "/chat");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase("es", "Enviar")]
    [TestCase("zh", "发送")]
    [TestCase("ar", "إرسال")]
    [TestCase("de", "Senden")]
    [TestCase("fr", "Envoyer")]
    public async Task Server_sends_the_table_of_a_language_below_its_path(string language, string send)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.GetAsync($"/chat/languages/{language}.json");

        answer.Status.Should().Be(200);
        JsonSerializer.Deserialize<JsonElement>(answer.Body).GetProperty("Send").GetString().Should().Be(send);
        answer.Headers["X-Content-Type-Options"].Should().Equal("nosniff");
        answer.Headers["Cache-Control"].Single().Should().Contain("no-cache");
        answer.Headers["Content-Type"].Should().Equal("application/json; charset=utf-8");
        answer.Headers["Access-Control-Allow-Origin"].Should().Equal(["*"], "a page from disk has another origin");
    }

    [Test]
    public async Task Table_is_compressed_and_a_browser_that_has_it_gets_304()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        using var compressed = await http.OpenAsync(HttpMethod.Get, "/chat/languages/de.json", null, ("Accept-Encoding", "br"));
        var tag = compressed.Headers.ETag!;

        compressed.Content.Headers.ContentEncoding.Should().Equal("br");
        compressed.Content.Headers.ContentLength.Should().BeLessThan(20 * 1024);
        tag.IsWeak.Should().BeFalse();
        var again = await http.GetAsync("/chat/languages/de.json", ("Accept-Encoding", "br"), ("If-None-Match", tag.ToString()));
        (again.Status, again.Body).Should().Be((304, ""));
    }

    [Test]
    public async Task Head_request_gets_no_body()
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var head = await http.RequestAsync(HttpMethod.Head, "/chat/languages/de.json", null);
        (head.Status, head.Body).Should().Be((200, ""));
    }

    [TestCase("/chat/languages/nl.json")]
    [TestCase("/chat/languages")]
    [TestCase("/chat/languages/")]
    [TestCase("/chat/languages/../client.html")]
    [TestCase("/chat/languages/..%2Fappsettings.json")]
    public async Task Address_that_is_not_a_table_of_a_language_gets_404(string path)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        (await http.GetAsync(path)).Status.Should().Be((int)HttpStatusCode.NotFound);
    }
}
