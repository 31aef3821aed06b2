using System.Text;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Files.Images;
using SkiaSharp;

namespace RawSocketChat.Tests.Files.Images;

/// <summary>Copies of images have the same pixels, and no metadata except the orientation.</summary>
public sealed class ImageCleanerTests
{
    private const int Width = 64;
    private const int Height = 32;

    private static IEnumerable<TestCaseData> Images()
    {
        yield return new TestCaseData(FileType.Jpeg, Pictures.AddMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Jpeg), orientation: 6)).SetArgDisplayNames("JPEG");
        yield return new TestCaseData(FileType.Png, Pictures.AddPngMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Png), orientation: 6)).SetArgDisplayNames("PNG");
        yield return new TestCaseData(FileType.Webp, Pictures.AddWebpMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Webp), Width, Height, orientation: 6)).SetArgDisplayNames("WebP");
        yield return new TestCaseData(FileType.Gif, Pictures.CreateGif()).SetArgDisplayNames("GIF");
    }

    [TestCaseSource(nameof(Images))]
    public void Copy_has_the_same_pixels_without_metadata_and_without_bytes_after_the_end(string type, byte[] image)
    {
        FileType.Detect(image).Should().Be(type);
        var copy = Clean(type, image)!;
        Encoding.Latin1.GetString(image).Should().Contain(Pictures.Secret);
        Encoding.Latin1.GetString(copy).Should().NotContainAny(Pictures.Secret, "PK\u0003\u0004", "<html", "xmp", "XMP");
        Pictures.ReadPixels(copy).Should().Equal(Pictures.ReadPixels(image));
        FileType.Detect(copy).Should().Be(type);
        Clean(type, copy).Should().Equal(copy);
    }

    [Test]
    public void Copy_of_a_JPEG_has_the_orientation([Range(1, 8)] int orientation)
    {
        var copy = Clean(FileType.Jpeg, Pictures.AddMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Jpeg), orientation), out var found)!;
        found.Should().Be(orientation);
        using var codec = SKCodec.Create(new MemoryStream(copy));
        ((int)codec.EncodedOrigin).Should().Be(orientation);
    }

    [Test]
    public void Copy_of_a_PNG_has_the_orientation([Range(1, 8)] int orientation)
    {
        var copy = Clean(FileType.Png, Pictures.AddPngMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Png), orientation), out var found)!;
        found.Should().Be(orientation);
        var start = copy.AsSpan().IndexOf("MM\0*"u8);
        (start < 0 ? [] : copy[start..(start + Orientation.CreateExif(orientation).Length)]).Should().Equal(orientation == Orientation.Normal ? [] : Orientation.CreateExif(orientation));
    }

    [Test]
    public void Copy_of_a_WebP_has_no_orientation_because_browsers_ignore_the_orientation_of_a_WebP()
    {
        Clean(FileType.Webp, Pictures.AddWebpMetadata(Pictures.CreateQuarters(SKEncodedImageFormat.Webp), Width, Height, orientation: 6), out var found)!
            .AsSpan().IndexOf("EXIF"u8).Should().Be(-1);
        found.Should().Be(Orientation.Normal);
    }

    [Test]
    public void Copy_of_an_animation_is_an_animation()
    {
        var copy = Clean(FileType.Gif, Pictures.CreateGif())!;
        using var codec = SKCodec.Create(new MemoryStream(copy));
        codec.FrameCount.Should().Be(2);
        codec.RepetitionCount.Should().Be(-1, "the animation has no end");
    }

    [TestCaseSource(nameof(Images))]
    public void Incomplete_image_is_refused(string type, byte[] image)
    {
        var copy = Clean(type, image)!;
        for (var length = 0; length < copy.Length - 1; length += Math.Max(1, copy.Length / 200))
        {
            // A GIF without its last byte is accepted, because many programs do not write this byte. The copy has the byte.
            if (Clean(type, copy[..length]) is { } shorter)
                shorter.Should().Match(bytes => type == FileType.Gif && bytes.Last() == 0x3B, "{0} bytes", length);
        }
    }

    [TestCaseSource(nameof(Images))]
    public void Damaged_image_is_copied_or_refused(string type, byte[] image)
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 2_000; round++)
        {
            var damaged = (byte[])image.Clone();
            for (var change = random.Next(1, 8); change > 0; change--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (Clean(type, damaged) is { } copy)
                Clean(type, copy).Should().Equal(copy, "a copy has nothing to remove (seed {0}, round {1})", seed, round);
        }
    }

    [Test]
    public void Content_without_the_signature_of_the_format_is_refused()
    {
        foreach (var type in (string[])[FileType.Jpeg, FileType.Png, FileType.Webp, FileType.Gif])
        {
            Clean(type, []).Should().BeNull();
            Clean(type, new byte[1000]).Should().BeNull();
            Clean(type, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"u8.ToArray()).Should().BeNull();
        }
    }

    private static byte[]? Clean(string type, byte[] image) => Clean(type, image, out _);

    private static byte[]? Clean(string type, byte[] image, out int orientation)
    {
        var copy = new MemoryStream();
        return ImageCleaner.TryCopy(type, new MemoryStream(image), copy.Write, out orientation) ? copy.ToArray() : null;
    }
}
