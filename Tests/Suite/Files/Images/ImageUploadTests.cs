using System.Text;
using RawSocketChat.Server.Files;
using RawSocketChat.Tests.Support;
using SkiaSharp;

namespace RawSocketChat.Tests.Files.Images;

/// <summary>Uploaded images: their size, their preview, and what the server removes from them.</summary>
[Category(Categories.Slow)] // starts a process
[Parallelizable(ParallelScope.Self)]
public sealed class ImageUploadTests
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

    [Test]
    public async Task Image_has_a_size_and_a_preview_and_no_metadata()
    {
        var photo = Pictures.AddMetadata(Pictures.CreateNoise(SKEncodedImageFormat.Jpeg, 1200, 900, seed: 1), orientation: 6);
        var file = await _ann.UploadAsync(photo, "beach.jpg");
        file.Should().BeEquivalentTo(new { Name = "beach.jpg", Type = "image/jpeg", Width = 900, Height = 1200 }, "the image is rotated");

        var stored = await _ann.DownloadAsync(file);
        stored.Bytes.Should().HaveCount((int)file.Bytes);
        Encoding.Latin1.GetString(stored.Bytes).Should().NotContain(Pictures.Secret);
        stored.Header("Content-Disposition").Should().StartWith("inline");

        var preview = await _ann.DownloadAsync($"/files/{file.Id}/preview", HttpMethod.Get);
        preview.Status.Should().Be(200);
        preview.Header("Content-Type").Should().Be("image/webp");
        preview.Bytes.Should().HaveCountLessThanOrEqualTo(100 * 1024);
        _server.ListContents().Should().NotContain(name => name.Contains("incoming", StringComparison.Ordinal));
    }

    [Test]
    public async Task Image_with_too_many_pixels_is_stored_without_a_preview()
    {
        var file = await _ann.UploadAsync(Pictures.CreateBomb(50_000, 50_000), "bomb.png");
        file.Should().BeEquivalentTo(new { Type = "image/png", Width = (int?)null, Height = (int?)null });
        (await _ann.DownloadAsync(file)).Status.Should().Be(200);
        (await _ann.DownloadAsync($"/files/{file.Id}/preview", HttpMethod.Get)).Status.Should().Be(404);
    }

    [Test]
    public async Task File_that_only_begins_like_an_image_is_sent_as_an_attachment()
    {
        byte[] content = [.. Pictures.CreateQuarters(SKEncodedImageFormat.Png)[..33], .. Encoding.ASCII.GetBytes($"<html><script>alert(1)</script>{Pictures.Secret}")];
        var file = await _ann.UploadAsync(content, "page.png");
        file.Should().BeEquivalentTo(new { Type = FileType.Unknown, Width = (int?)null });
        var stored = await _ann.DownloadAsync(file);
        stored.Bytes.Should().Equal(content);
        stored.Header("Content-Disposition").Should().StartWith("attachment");
    }

    [Test]
    public async Task Equal_pictures_with_different_metadata_are_stored_once()
    {
        var picture = Pictures.CreateNoise(SKEncodedImageFormat.Png, 20, 20, seed: 3);
        var (first, second) = (await _ann.UploadAsync(picture), await _ann.UploadAsync(Pictures.AddPngMetadata(picture, orientation: 1)));
        (await _ann.DownloadAsync(first)).Header("ETag").Should().Be((await _ann.DownloadAsync(second)).Header("ETag"));
        second.Width.Should().Be(20);
    }
}
