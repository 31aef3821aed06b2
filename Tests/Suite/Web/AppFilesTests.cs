using System.Net;
using System.Text.Json;
using RawSocketChat.Server.Web;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>The files with which a browser installs the page: the manifest, the icons and the service worker.</summary>
public sealed class AppFilesTests
{
    private const string Svg = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script><circle cx="4" cy="4" r="4"/></svg>""";

    private static readonly HttpClient Http = new();

    [Test]
    public async Task Manifest_has_the_name_and_the_color_of_the_operator_and_relative_addresses()
    {
        await using var server = await ServerUnderTest.StartAsync("--Web:Name", "Café Chat", "--Web:Color", "#1f6feb");
        using var response = await GetAsync(server, "/manifest.webmanifest");
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/manifest+json");
        var text = await response.Content.ReadAsStringAsync();
        text.Should().Contain("Café");
        var manifest = JsonSerializer.Deserialize<JsonElement>(text);
        foreach (var (member, value) in new[] { ("name", "Café Chat"), ("short_name", "Café Chat"), ("theme_color", "#1f6feb"), ("start_url", "./"), ("scope", "./"), ("display", "standalone") })
            manifest.GetProperty(member).GetString().Should().Be(value);
        Describe(manifest).Should().Equal(
            ("icon.svg", "any", "any"), ("icon-192.png", "192x192", "any"), ("icon-192.png", "192x192", "maskable"), ("icon-512.png", "512x512", "any"), ("icon-512.png", "512x512", "maskable"));
    }

    [Test]
    public async Task Manifest_without_settings_has_the_default_name_and_color()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var manifest = JsonSerializer.Deserialize<JsonElement>(await ReadAsync(server, "/manifest.webmanifest"));
        manifest.GetProperty("name").GetString().Should().Be("RawSocketChat");
        manifest.TryGetProperty("short_name", out _).Should().BeFalse("the name is too long for a short name");
        manifest.GetProperty("theme_color").GetString().Should().Be("#a8470f");
    }

    [Test]
    public async Task Icons_contain_the_logo_of_the_operator()
    {
        using var folder = new TemporaryFolder();
        var logo = Path.Combine(folder.Path, "logo.svg");
        await File.WriteAllTextAsync(logo, Svg);
        await using var server = await ServerUnderTest.StartAsync("--Web:Logo", logo);
        Describe(JsonSerializer.Deserialize<JsonElement>(await ReadAsync(server, "/manifest.webmanifest"))).Should().Equal(("icon.svg", "any", "any"), ("icon-maskable.svg", "any", "maskable"));
        foreach (var path in (string[])["/icon.svg", "/icon-maskable.svg"])
        {
            using var response = await GetAsync(server, path);
            (await response.Content.ReadAsStringAsync()).Should().Contain("href=\"data:image/svg+xml;base64,").And.NotContain("<script>");
            response.Content.Headers.ContentType!.MediaType.Should().Be("image/svg+xml");
            response.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("default-src 'none'").And.Contain("sandbox");
        }
    }

    [TestCase(192)]
    [TestCase(512)]
    public async Task Png_icons_have_the_color_of_the_operator(int size)
    {
        await using var server = await ServerUnderTest.StartAsync("--Web:Color", "#1f6feb");
        using var response = await GetAsync(server, $"/icon-{size}.png");
        var png = await response.Content.ReadAsByteArrayAsync();
        using var image = SkiaSharp.SKBitmap.Decode(png);
        (image.Width, image.Height).Should().Be((size, size));
        image.GetPixel(1, 1).ToString().Should().Be("#ff1f6feb");
        image.GetPixel(size / 2, size * 53 / 100).Should().NotBe(image.GetPixel(size / 2, size * 45 / 100), "the plug on the icon has another color");
    }

    [TestCase("#ffff00")]
    [TestCase("#ffffff")]
    public void Light_colors_of_the_operator_become_darker(string color) =>
        SiteIcons.Darken(color).Should().NotEqual(Convert.FromHexString(color[1..]));

    [Test]
    public void Dark_colors_are_not_changed() => SiteIcons.Darken("#1f6feb").Should().Equal(0x1f, 0x6f, 0xeb);

    [Test]
    public async Task Worker_is_a_script_that_may_connect_only_to_this_server()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var response = await GetAsync(server, "/worker.js");
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/javascript");
        response.Headers.GetValues("Content-Security-Policy").Should().Equal("default-src 'none'; connect-src 'self'");
        response.Headers.CacheControl!.NoCache.Should().BeTrue("an update must take effect at the next visit");
    }

    [Test]
    public async Task Files_have_strong_ETags_and_support_304_and_HEAD()
    {
        await using var server = await ServerUnderTest.StartAsync();
        foreach (var path in (string[])["/worker.js", "/manifest.webmanifest", "/icon.svg", "/icon-192.png"])
        {
            using var first = await GetAsync(server, path);
            first.Headers.ETag!.IsWeak.Should().BeFalse();
            using var again = new HttpRequestMessage(HttpMethod.Get, first.RequestMessage!.RequestUri);
            again.Headers.IfNoneMatch.Add(first.Headers.ETag);
            using var notModified = await Http.SendAsync(again);
            notModified.StatusCode.Should().Be(HttpStatusCode.NotModified);
            using var head = new HttpRequestMessage(HttpMethod.Head, first.RequestMessage.RequestUri);
            using var empty = await Http.SendAsync(head);
            empty.StatusCode.Should().Be(HttpStatusCode.OK);
            (await empty.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
        }
    }

    [Test]
    public async Task Files_of_a_page_under_a_mount_path_are_under_the_same_path()
    {
        await using var server = await ServerUnderTest.StartAsync("--PathBase", "/chat");
        (await ReadAsync(server, "/chat/worker.js")).Should().Contain("registration.scope");
        using var outside = await GetAsync(server, "/worker.js");
        outside.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private static IEnumerable<(string? Src, string? Sizes, string? Purpose)> Describe(JsonElement manifest) =>
        manifest.GetProperty("icons").EnumerateArray().Select(icon => (icon.GetProperty("src").GetString(), icon.GetProperty("sizes").GetString(), icon.GetProperty("purpose").GetString()));

    private static Task<HttpResponseMessage> GetAsync(ServerUnderTest server, string path) => Http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}{path}"));

    private static async Task<string> ReadAsync(ServerUnderTest server, string path)
    {
        using var response = await GetAsync(server, path);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return await response.Content.ReadAsStringAsync();
    }
}
