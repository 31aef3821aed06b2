using System.Text;
using RawSocketChat.Server.Files;

namespace RawSocketChat.Tests.Files;

/// <summary>The server detects the type of a file by its content. No type lets a browser run the content as a page or a script.</summary>
public sealed class FileTypeTests
{
    private static IEnumerable<TestCaseData> Contents()
    {
        yield return Case("image/png", TestContents.Png);
        yield return Case("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16]);
        yield return Case("image/gif", "GIF89a"u8);
        yield return Case("image/webp", "RIFF\u0001\0\0\0WEBPVP8 "u8);
        yield return Case("image/avif", "\0\0\0\u001cftypavif\0\0\0\0"u8);
        yield return Case("video/mp4", "\0\0\0\u0018ftypisom\0\0\u0002\0"u8);
        yield return Case("audio/mp4", "\0\0\0\u0018ftypM4A \0\0\u0002\0"u8);
        yield return Case("video/quicktime", "\0\0\0\u0018ftypqt  \0\0\u0002\0"u8);
        yield return Case("video/webm", [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x84, .. "webm"u8]);
        yield return Case("video/x-matroska", [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x88, .. "matroska"u8]);
        yield return Case("audio/ogg", "OggS\0\u0002\0\0\0\0\0\0\0\0\u0001vorbis"u8);
        yield return Case("video/ogg", "OggS\0\u0002\0\0\0\0\0\0\0\0theora"u8);
        yield return Case("audio/mpeg", "ID3\u0004"u8);
        yield return Case("audio/mpeg", [0xFF, 0xFB, 0x90, 0x64]);
        yield return Case("audio/wav", "RIFF\u0001\0\0\0WAVEfmt "u8);
        yield return Case("audio/flac", "fLaC"u8);
        yield return Case("application/pdf", "%PDF-1.7"u8);
        yield return Case("application/zip", "PK\u0003\u0004"u8);
        yield return Case("application/gzip", [0x1F, 0x8B, 8, 0]);
        yield return Case("text/plain", "Ünïcode text\r\n\twith a tab"u8);
        yield return Case("text/plain", "<!doctype html><script>alert(1)</script>"u8);
        yield return Case("text/plain", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8);
        yield return Case("text/plain", "#!/bin/sh\nrm -rf /"u8);
        yield return Case("application/octet-stream", [0xFF, 0xFE, (byte)'a', 0]);
        yield return Case("application/octet-stream", "text with a \0"u8);
        yield return Case("application/octet-stream", [.. "text"u8, 0xC3, (byte)'(']);
        yield return Case("application/octet-stream", []);
        yield return Case("application/octet-stream", "MZ\u0090\0"u8);
        yield return Case("application/octet-stream", "RIFF\u0001\0\0\0NONE"u8);
    }

    [TestCaseSource(nameof(Contents))]
    public void Type_is_detected_from_the_content(string type, byte[] content) => FileType.Detect(content).Should().Be(type);

    [Test]
    public void Text_that_is_cut_inside_a_character_is_detected_as_text()
    {
        FileType.Detect([.. "text "u8, 0xE7, 0x8C]).Should().Be(FileType.Text);
        FileType.Detect(Encoding.UTF8.GetBytes(new string('猫', 2000)).AsSpan(0, FileType.HeadBytes)).Should().Be(FileType.Text);
    }

    [Test]
    public void Only_common_types_of_images_video_and_audio_are_shown_in_the_page() =>
        Contents().Select(test => (string)test.Arguments[0]!).Where(FileType.IsInline).Distinct().Should().BeEquivalentTo(
            "image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "video/webm", "video/ogg", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "audio/flac");

    private static TestCaseData Case(string type, ReadOnlySpan<byte> content) => new TestCaseData(type, content.ToArray()).SetArgDisplayNames(type, Convert.ToHexString(content[..Math.Min(content.Length, 16)]));
}
