using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary><c>GET /files/{id}/{name}</c>: headers that protect browsers, range requests and conditional requests.</summary>
public sealed class DownloadTests
{
    private ServerUnderTest _server = null!;
    private FileClient _ann = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync();
        _ann = await FileClient.StartAsync(_server.HttpPort);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _ann.Dispose();
        await _server.DisposeAsync();
    }

    [TestCase("<svg onload=alert(1)>", "drawing.svg", "text/plain; charset=utf-8", "attachment")]
    [TestCase("<html><script>alert(1)</script>", "page.html", "text/plain; charset=utf-8", "attachment")]
    [TestCase("%PDF-1.7", "a.pdf", "application/pdf", "attachment")]
    [TestCase("\0exe", "cat.png", "application/octet-stream", "attachment")]
    [TestCase("ID3\u0004", "song.mp3", "audio/mpeg", "inline")]
    [TestCase("\0\0\0\u0018ftypisom", "film.mp4", "video/mp4", "inline")]
    public async Task Headers_prevent_a_browser_from_running_the_content_as_a_page(string content, string name, string type, string disposition)
    {
        var got = await _ann.DownloadAsync(await _ann.UploadAsync(TestContents.Text(content), name));
        got.Status.Should().Be(200);
        got.Header("Content-Type").Should().Be(type);
        got.Header("Content-Disposition").Should().Be($"{disposition}; filename={name}; filename*=UTF-8''{name}");
        got.Header("X-Content-Type-Options").Should().Be("nosniff");
        got.Header("Content-Security-Policy").Should().Be("sandbox; default-src 'none'");
        got.Header("Cross-Origin-Resource-Policy").Should().Be("same-origin");
        got.Header("Cache-Control").Split(", ").Should().BeEquivalentTo("private", "no-cache");
        got.Headers["Set-Cookie"].Should().BeEmpty();
    }

    [Test]
    public async Task Name_in_the_header_is_safe()
    {
        var got = await _ann.DownloadAsync(await _ann.UploadAsync([1], "a\"; filename=evil.exe\r\nX: 猫.txt"));
        got.Header("Content-Disposition").Should().Be("attachment; filename=\"a_; filename=evil.exe X_ _.txt\"; filename*=UTF-8''a_%3B%20filename%3Devil.exe%20X_%20%E7%8C%AB.txt");
        got.Headers["X"].Should().BeEmpty();
    }

    [TestCase("bytes=0-0", 0, 1)]
    [TestCase("bytes=100-199", 100, 100)]
    [TestCase("bytes=9999-", 9_999, 1)]
    [TestCase("bytes=-10", 9_990, 10)]
    [TestCase("bytes=9000-20000", 9_000, 1_000)]
    public async Task Range_request_gets_a_part_of_the_content(string range, int start, int length)
    {
        var content = TestContents.Random(10_000, seed: 1);
        var got = await _ann.DownloadAsync(await _ann.UploadAsync(content), ("Range", range));
        got.Status.Should().Be(206);
        got.Bytes.Should().Equal(content[start..(start + length)]);
        got.Header("Content-Range").Should().Be($"bytes {start}-{start + length - 1}/10000");
        got.Header("Content-Security-Policy").Should().NotBeEmpty();
    }

    [Test]
    public async Task Range_beyond_the_end_is_rejected()
    {
        var got = await _ann.DownloadAsync(await _ann.UploadAsync(new byte[10]), ("Range", "bytes=10-"));
        got.Status.Should().Be(416);
        got.Header("Content-Range").Should().Be("bytes */10");
    }

    [Test]
    public async Task ETag_is_the_hash_of_the_content_and_conditional_requests_use_it()
    {
        var content = TestContents.Random(1_000, seed: 2);
        var file = await _ann.UploadAsync(content);
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"";
        (await _ann.DownloadAsync(file)).Header("ETag").Should().Be(tag);
        var unchanged = await _ann.DownloadAsync(file, ("If-None-Match", tag));
        (unchanged.Status, unchanged.Bytes.Length).Should().Be((304, 0));
        (await _ann.DownloadAsync(file, ("If-None-Match", "\"other\""))).Status.Should().Be(200);
        (await _ann.DownloadAsync(file, ("If-Match", "\"other\""))).Status.Should().Be(412);
        (await _ann.DownloadAsync(file, ("If-Range", tag), ("Range", "bytes=1-2"))).Status.Should().Be(206);
        (await _ann.DownloadAsync(file, ("If-Range", "\"other\""), ("Range", "bytes=1-2"))).Status.Should().Be(200);
    }

    [Test]
    public async Task HEAD_gets_the_headers_without_the_content()
    {
        var file = await _ann.UploadAsync(new byte[1_000]);
        var got = await _ann.DownloadAsync(TextFormat.GetPath(file), HttpMethod.Head);
        (got.Status, got.Bytes.Length, got.Header("Content-Length")).Should().Be((200, 0, "1000"));
        got.Header("Accept-Ranges").Should().Be("bytes");
    }

    [Test]
    public async Task Preview_of_a_text_file_is_not_found()
    {
        var file = await _ann.UploadAsync(TestContents.Text("text"));
        file.Width.Should().BeNull();
        (await _ann.DownloadAsync($"/files/{file.Id}/preview", HttpMethod.Get)).Status.Should().Be(404);
    }

    [Test]
    public async Task Name_in_the_address_has_no_effect_on_the_headers()
    {
        var file = await _ann.UploadAsync([1], "猫.bin");
        (await _ann.DownloadAsync($"/files/{file.Id}/page.html", HttpMethod.Get)).Header("Content-Disposition").Should().StartWith("attachment").And.NotContain("page.html");
    }

    [TestCase("nope")]
    [TestCase("00000000000000000000000000000000")]
    [TestCase("..%2F..%2Fchat.db")]
    public async Task Unknown_id_is_not_found(string id) => (await _ann.Http.GetAsync($"/files/{id}/x")).ShouldBe(404, ErrorCode.NotFound);

    [Test]
    public async Task File_whose_content_is_missing_gets_404()
    {
        var content = TestContents.Random(99, seed: 9);
        var file = await _ann.UploadAsync(content);
        File.Delete(_server.GetContents().GetPath(Convert.ToHexStringLower(SHA256.HashData(content))));
        (await _ann.Http.GetAsync(TextFormat.GetPath(file))).ShouldBe(404, ErrorCode.NotFound);
    }

    [Test]
    [Platform("Linux")]
    public async Task Download_does_not_keep_its_file_open_while_it_waits_for_the_client()
    {
        // The content is larger than the buffers of the sockets, so the download must wait for the client.
        var content = TestContents.Random(16 * 1024 * 1024, seed: 10);
        var file = await _ann.UploadAsync(content);
        var path = _server.GetContents().GetPath(Convert.ToHexStringLower(SHA256.HashData(content)));
        using var unread = await _ann.Http.OpenAsync(HttpMethod.Get, TextFormat.GetPath(file), null, []);
        await TestWait.UntilAsync(() => !IsOpen(path), "the download to close the file");
        (await unread.Content.ReadAsByteArrayAsync().OrFail("the content")).Should().Equal(content);

        static bool IsOpen(string path) => Directory.GetFiles("/proc/self/fd").Any(link => new FileInfo(link).LinkTarget == path);
    }

    [Test]
    public async Task Server_under_a_path_sends_files_too()
    {
        await using var server = await ServerUnderTest.StartAsync("--PathBase", "/chat");
        using var http = new HttpTestClient(server.HttpPort);
        var welcome = await http.PostAsync("/chat/session", """{"type":"hello"}""");
        http.Token = ChatCodec.TryReadServer(TestContents.Text(welcome.Body), out var frame) ? ((WelcomeFrame)frame).Session : null;
        var file = FileClient.ReadFile(await http.PostAsync("/chat/files", "hello"));
        (await http.GetAsync($"/chat/files/{file.Id}/x")).Body.Should().Be("hello");
    }
}
