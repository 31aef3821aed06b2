using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Web;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

/// <summary>The answer at <c>/site.json</c>: the data that the page shows before a login.</summary>
public sealed class SiteTests
{
    private const string Svg = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>""";

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Site_has_the_name_the_color_and_the_logo_of_the_operator()
    {
        var logo = Path.Combine(_folder.Path, "logo.svg");
        await File.WriteAllTextAsync(logo, Svg);
        await using var server = await ServerUnderTest.StartAsync("--Web:Name", "Café Chat", "--Web:Color", "#1f6feb", "--Web:Logo", logo);

        var site = await ReadAsync(server);

        site.GetProperty("name").GetString().Should().Be("Café Chat");
        site.GetProperty("color").GetString().Should().Be("#1f6feb");
        site.GetProperty("logo").GetString().Should().StartWith("data:image/svg+xml;base64,");
    }

    [Test]
    public async Task Site_data_without_settings_contains_only_the_rooms()
    {
        await using var server = await ServerUnderTest.StartAsync();
        (await ReadAsync(server)).EnumerateObject().Select(property => property.Name).Should().Equal("rooms");
    }

    [Test]
    public async Task Site_lists_the_public_rooms_with_the_largest_first_and_no_private_ones()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var ___ = bob;
        await ann.SendAsync("/create garden all that grows");
        await ann.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "garden");
        await ann.SendAsync("/create-private den");
        await ann.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "den");
        await ann.SendAsync("/dm bob");
        await ann.Inbox.ExpectAsync<JoinedFrame>(joined => joined.With is not null);

        var rooms = (await ReadAsync(server)).GetProperty("rooms").EnumerateArray()
            .Select(room => (room.GetProperty("room").GetString(), room.GetProperty("topic").GetString(), room.GetProperty("memberCount").GetInt32()));

        rooms.Should().Equal(("lobby", "Say hello", 2), ("garden", "all that grows", 1));
    }

    [TestCase("--Auth:Guests")]
    [TestCase("--Web:ListRooms")]
    public async Task Site_lists_no_room_if_a_setting_hides_the_rooms_from_visitors(string setting)
    {
        await using var server = await ServerUnderTest.StartAsync(setting, "false");
        (await ReadAsync(server)).GetProperty("rooms").GetArrayLength().Should().Be(0);
    }

    [Test]
    public async Task List_of_rooms_is_at_most_five_seconds_old()
    {
        var time = new FakeTimeProvider();
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Connections:PingSeconds", "3600");
        (await ReadAsync(server)).GetProperty("rooms")[0].GetProperty("memberCount").GetInt32().Should().Be(0);
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;

        (await ReadAsync(server)).GetProperty("rooms")[0].GetProperty("memberCount").GetInt32().Should().Be(0);
        time.Advance(TimeSpan.FromSeconds(5));
        (await ReadAsync(server)).GetProperty("rooms")[0].GetProperty("memberCount").GetInt32().Should().Be(1);
    }

    [Test]
    public async Task Site_answers_HEAD()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri($"http://127.0.0.1:{server.HttpPort}/site.json"));
        using var response = await http.SendAsync(request);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        response.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse("pages of other origins cannot read it");
        (await response.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Visitor_who_has_the_current_answer_gets_304()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpTestClient(server.HttpPort);
        var tag = (await http.GetAsync("/site.json")).Headers["ETag"].Single();
        var again = await http.GetAsync("/site.json", ("If-None-Match", tag));
        (again.Status, again.Body, again.Headers["ETag"].Single()).Should().Be((304, "", tag));
        (await http.GetAsync("/site.json", ("If-None-Match", "\"another\""))).Status.Should().Be(200);
    }

    [TestCase(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A }, "image/png")]
    [TestCase(new byte[] { 0xFF, 0xD8, 0xFF, 0xE0 }, "image/jpeg")]
    public void Type_of_the_logo_is_detected_from_its_first_bytes(byte[] bytes, string type) =>
        SiteLogo.Read(Write("logo", bytes)).Should().StartWith($"data:{type};base64,");

    [Test]
    public void Logo_can_be_WebP() => SiteLogo.Read(Write("logo", [.. "RIFF\0\0\0\0WEBPVP8 "u8])).Should().StartWith("data:image/webp;base64,");

    [TestCase("\uFEFF<?xml version=\"1.0\"?>\n<!-- drawn by hand -->\n", "svg", "xmlns")]
    [TestCase("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\" [<!ENTITY ns \"http://www.w3.org/2000/svg\">]>", "svg", "xmlns", "&ns;")]
    [TestCase("", "s:svg", "xmlns:s")]
    public void Logo_can_be_an_SVG_image_with_a_prologue_or_a_prefix(string prologue, string element, string declaration, string space = "http://www.w3.org/2000/svg") =>
        SiteLogo.Read(Write("logo", System.Text.Encoding.UTF8.GetBytes($"{prologue}<{element} {declaration}=\"{space}\"/>"))).Should().StartWith("data:image/svg+xml;base64,");

    [TestCase("<!doctype html><title>Logo</title>" + Svg)]
    [TestCase("<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>" + Svg + "</body></html>")]
    [TestCase("the element <svg")]
    [TestCase("<svg/>")] // browsers show only images with the namespace
    [TestCase("")]
    public void File_whose_first_element_is_not_svg_is_not_an_SVG_image(string text) =>
        SiteLogo.FindError(Write("logo", System.Text.Encoding.UTF8.GetBytes(text))).Should().Be("the file is not a PNG, JPEG, WebP or SVG image");

    [Test]
    public void Bad_logo_stops_the_start()
    {
        ExpectError(Path.Combine(_folder.Path, "none.png"), "--Web:Logo: the file * cannot be read");
        ExpectError(Write("logo.txt", [.. "hello, this is text"u8]), "--Web:Logo: the file is not a PNG, JPEG, WebP or SVG image");
        ExpectError(Write("large.svg", new byte[WebOptions.MaxLogoBytes + 1]), "--Web:Logo: the file has 65537 bytes, but a logo can have at most 65536");

        static void ExpectError(string path, string message) =>
            FluentActions.Invoking(() => Server.Program.Build(["--Web:Logo", path])).Should().Throw<Server.Hosting.SettingException>().WithMessage(message);
    }

    private static async Task<JsonElement> ReadAsync(ServerUnderTest server)
    {
        using var http = new HttpClient();
        return JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/site.json")));
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
