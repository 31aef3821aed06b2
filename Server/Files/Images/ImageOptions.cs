using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Files.Images;

/// <summary>The previews of uploaded images. Section <c>Images</c>.</summary>
public sealed class ImageOptions
{
    public const string Section = "Images";

    /// <summary>Whether the server creates previews. If this is false, clients show an image as a file to download. Default true.</summary>
    public bool Previews { get; set; } = true;

    /// <summary>
    /// Maximum number of pixels of an image with a preview. The server does not decode a larger image. The decoding of an image can take 8 bytes of
    /// memory for each pixel. Default 50,000,000.
    /// </summary>
    [Range(1, 1_000_000_000)]
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Maximum seconds to create a preview. After this time, the image gets no preview. Default 10.</summary>
    [Range(1, 600)]
    public int MaxSeconds { get; set; } = 10;

    /// <summary>Maximum width and height of a preview in pixels. Default 800.</summary>
    [Range(16, 4096)]
    public int PreviewSide { get; set; } = 800;

    /// <summary>Maximum size of a preview in bytes. Default 102,400.</summary>
    [Range(4096, 100_000_000)]
    public int PreviewBytes { get; set; } = 100 * 1024;

    /// <summary>
    /// The server ends the process that decodes images if no image has come for this many seconds. The next image starts the process again. Default 60.
    /// </summary>
    [Range(1, 86_400)]
    public int IdleSeconds { get; set; } = 60;
}
