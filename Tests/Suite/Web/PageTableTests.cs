using System.Net;
using System.Text.Json;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>
/// The tables of the page's texts at <c>/languages</c>, and of the emoji at <c>/emoji</c>. Tests/Client/translations.test.mjs and emoji.test.mjs check
/// the contents of the tables.
/// </summary>
public sealed class PageTableTests
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

    [TestCase("en", "😀|grinning face|")]
    [TestCase("es", "😀|cara sonriendo|")]
    [TestCase("zh", "😀|嘿嘿|")]
    [TestCase("ar", "😀|وجه بابتسامة عريضة|")]
    [TestCase("de", "😀|grinsendes Gesicht|")]
    [TestCase("fr", "😀|visage rieur|")]
    public async Task Server_sends_the_emoji_of_a_language_below_its_path(string language, string first)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.GetAsync($"/chat/emoji/{language}.json");

        answer.Status.Should().Be(200);
        var groups = JsonSerializer.Deserialize<string[][]>(answer.Body)!;
        groups.Should().HaveCount(9);
        groups[0][0].Should().StartWith(first);
        answer.Headers["Content-Type"].Should().Equal("application/json; charset=utf-8");
        answer.Headers["Access-Control-Allow-Origin"].Should().Equal(["*"], "a page from disk has another origin");
    }

    [TestCase("en")]
    [TestCase("es")]
    [TestCase("zh")]
    [TestCase("ar")]
    [TestCase("de")]
    [TestCase("fr")]
    public async Task Every_emoji_of_a_table_is_allowed_as_a_reaction(string language)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        var groups = JsonSerializer.Deserialize<string[][]>((await http.GetAsync($"/chat/emoji/{language}.json")).Body)!;

        foreach (var emoji in groups.SelectMany(group => group).Select(line => line.Split('|')[0]))
            (EmojiRule.TryNormalize(emoji, out var known), known).Should().Be((true, emoji));
    }

    [TestCase("/chat/languages/de.json", 20)]
    [TestCase("/chat/emoji/de.json", 40)]
    public async Task Table_is_compressed_and_a_browser_that_has_it_gets_304(string path, int maxKilobytes)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        using var compressed = await http.OpenAsync(HttpMethod.Get, path, null, ("Accept-Encoding", "br"));
        var tag = compressed.Headers.ETag!;

        compressed.Content.Headers.ContentEncoding.Should().Equal("br");
        compressed.Content.Headers.ContentLength.Should().BeLessThan(maxKilobytes * 1024);
        tag.IsWeak.Should().BeFalse();
        var again = await http.GetAsync(path, ("Accept-Encoding", "br"), ("If-None-Match", tag.ToString()));
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
    [TestCase("/chat/emoji/nl.json")]
    [TestCase("/chat/emoji/LICENSE.txt")]
    [TestCase("/chat/languages")]
    [TestCase("/chat/languages/")]
    [TestCase("/chat/languages/../client.html")]
    [TestCase("/chat/languages/..%2Fappsettings.json")]
    public async Task Address_that_is_not_a_table_gets_404(string path)
    {
        using var http = new HttpTestClient(_server.HttpPort);
        (await http.GetAsync(path)).Status.Should().Be((int)HttpStatusCode.NotFound);
    }
}
