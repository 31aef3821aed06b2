using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Files.Images;
using RawSocketChat.Tests.Support;
using SkiaSharp;

namespace RawSocketChat.Tests.Files.Images;

/// <summary>A separate process creates the previews. It may crash or hang without harm to the server.</summary>
[Category(Categories.Slow)] // starts processes
[Parallelizable(ParallelScope.Self)]
public sealed class ImagePreviewsTests
{
    private readonly List<PreviewProcess> _started = [];
    private TemporaryFolder _folder = null!;
    private FakeTimeProvider _time = null!;
    private ImagePreviews _previews = null!;
    private Func<PreviewProcess> _start = PreviewProcess.Start;

    [SetUp]
    public void Begin()
    {
        (_folder, _time, _start) = (new TemporaryFolder(), new FakeTimeProvider(), PreviewProcess.Start);
        _previews = Create(new ImageOptions());
    }

    [TearDown]
    public void End()
    {
        _previews.Dispose();
        _started.Clear();
        _folder.Dispose();
    }

    [Test]
    public async Task Preview_shows_the_image_in_its_orientation()
    {
        // The colors of the corners for each orientation (Exif 2.32, section 4.6.4).
        string[][] expected =
        [
            ["red", "green", "blue", "yellow"], ["green", "red", "yellow", "blue"], ["yellow", "blue", "green", "red"], ["blue", "yellow", "red", "green"],
            ["red", "blue", "green", "yellow"], ["blue", "red", "yellow", "green"], ["yellow", "green", "blue", "red"], ["green", "yellow", "red", "blue"],
        ];
        for (var orientation = 1; orientation <= 8; orientation++)
        {
            var (size, preview) = await CreateAsync(Pictures.AddMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Jpeg), orientation), orientation);
            size.Should().Be(orientation <= 4 ? new ImageSize(64, 32) : new ImageSize(32, 64));
            Pictures.ReadCorners(preview!).Should().Equal(expected[orientation - 1], "orientation {0}", orientation);
        }

        _started.Should().ContainSingle("one process decodes all images");
    }

    [Test]
    public async Task Preview_has_at_most_the_maximum_size()
    {
        foreach (var format in (SKEncodedImageFormat[])[SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png, SKEncodedImageFormat.Webp])
        {
            var (size, preview) = await CreateAsync(Pictures.CreateNoise(format, 1500, 1000, seed: 1));
            size.Should().Be(new ImageSize(1500, 1000));
            preview.Should().HaveCountLessThanOrEqualTo(100 * 1024);
            FileType.Detect(preview).Should().Be(FileType.Webp);
            using var codec = SKCodec.Create(new MemoryStream(preview!));
            codec.Info.Width.Should().BeInRange(100, 800);
        }
    }

    [Test]
    public async Task Animation_gets_a_preview_of_its_first_frame() => (await CreateAsync(Pictures.CreateGif())).Size.Should().Be(new ImageSize(1, 1));

    [Test]
    public async Task Image_with_too_many_pixels_gets_no_preview()
    {
        (await CreateAsync(Pictures.CreateBomb(50_000, 50_000))).Should().Be(((ImageSize?)null, (byte[]?)null));
        _previews.Dispose();
        _previews = Create(new ImageOptions { MaxPixels = (64 * 32) - 1 });
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().BeNull();
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png, 63, 32))).Size.Should().NotBeNull();
    }

    [Test]
    public async Task Bytes_that_are_no_image_get_no_preview()
    {
        foreach (var bytes in (byte[][])[[], new byte[1000], [.. Pictures.CreateQuarters(SKEncodedImageFormat.Png)[..40], .. new byte[100]]])
            (await CreateAsync(bytes)).Should().Be(((ImageSize?)null, (byte[]?)null));
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().NotBeNull();
        _started.Should().ContainSingle();
    }

    [Test]
    public async Task No_preview_is_created_if_previews_are_disabled()
    {
        _previews.Dispose();
        _previews = Create(new ImageOptions { Previews = false });
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().BeNull();
        _started.Should().BeEmpty();
    }

    [Test]
    public async Task Process_that_does_not_answer_in_time_is_killed_and_replaced()
    {
        _start = () => PreviewProcess.Start("sleep", "1000");
        var asked = CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png));
        await TestWait.UntilAsync(() => _started.Count > 0, "a process");
        using var hanging = Process.GetProcessById(_started[0].Id);
        while (!asked.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await asked).Should().Be(((ImageSize?)null, (byte[]?)null));
        await TestWait.UntilAsync(() => hanging.HasExited, "the end of the process");
        _start = PreviewProcess.Start;
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().NotBeNull();
    }

    [Test]
    public async Task Process_that_was_killed_is_replaced()
    {
        await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png));
        using (var process = Process.GetProcessById(_started[0].Id))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().Be(new ImageSize(64, 32));
        _started.Should().HaveCount(2);
    }

    [Test]
    public async Task Image_gets_no_preview_if_the_preview_process_cannot_be_started()
    {
        _start = () => PreviewProcess.Start(Path.Combine(_folder.Path, "nothing"));
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Should().Be(((ImageSize?)null, (byte[]?)null));
    }

    [Test]
    public async Task Idle_preview_process_ends_and_the_next_image_starts_a_new_one()
    {
        await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png));
        using var process = Process.GetProcessById(_started[0].Id);
        _time.Advance(TimeSpan.FromSeconds(59));
        process.HasExited.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        await TestWait.UntilAsync(() => process.HasExited, "the end of the process");
        (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png))).Size.Should().NotBeNull();
        _started.Should().HaveCount(2);
    }

    [Test]
    public async Task Images_that_arrive_together_are_decoded_one_after_the_other()
    {
        var sizes = await Task.WhenAll(Enumerable.Range(1, 10).Select(async i => (await CreateAsync(Pictures.CreateQuarters(SKEncodedImageFormat.Png, 10 * i, 10))).Size));
        sizes.Should().Equal(Enumerable.Range(1, 10).Select(i => new ImageSize(10 * i, 10)));
        _started.Should().ContainSingle();
    }

    private ImagePreviews Create(ImageOptions options) => new(Options.Create(options), _time, NullLogger<ImagePreviews>.Instance, () =>
    {
        var process = _start();
        _started.Add(process);
        return process;
    });

    private async Task<(ImageSize? Size, byte[]? Preview)> CreateAsync(byte[] image, int orientation = Orientation.Normal)
    {
        var path = Path.Combine(_folder.Path, $"{Guid.NewGuid():n}");
        await File.WriteAllBytesAsync(path, image);
        var size = await _previews.CreateAsync("203.0.113.1:1", path, orientation, path + ".preview", CancellationToken.None);
        return (size, File.Exists(path + ".preview") ? await File.ReadAllBytesAsync(path + ".preview") : null);
    }
}
