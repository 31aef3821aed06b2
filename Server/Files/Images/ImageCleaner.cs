namespace RawSocketChat.Server.Files.Images;

/// <summary>
/// Copies images without their metadata: places, cameras, dates, comments, thumbnails, and bytes after the end of the image. The pixels, the color
/// profile, the animation and the orientation stay as they are, because nothing is decoded.
/// </summary>
internal static class ImageCleaner
{
    /// <summary>Copies an image of a type for which <see cref="FileType.IsImage"/> is true.</summary>
    /// <param name="type">The media type of the image.</param>
    /// <param name="source">The image. The stream must support seeking.</param>
    /// <param name="write">Receives the parts of the copy, in order.</param>
    /// <param name="orientation">How browsers turn and mirror the copy, 1 to 8 (<see cref="Orientation"/>).</param>
    /// <returns>
    /// False if the image does not follow the specification of its format, or is incomplete. In this case, <paramref name="write"/> may already have
    /// received a part of the copy.
    /// </returns>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static bool TryCopy(string type, Stream source, Action<ReadOnlySpan<byte>> write, out int orientation)
    {
        var target = new ImageWriter(write);
        orientation = Orientation.Normal;
        try
        {
            switch (type)
            {
                case FileType.Jpeg:
                    orientation = JpegCleaner.Copy(new ImageReader(source), target);
                    break;
                case FileType.Png:
                    orientation = PngCleaner.Copy(new ImageReader(source), target);
                    break;
                case FileType.Gif:
                    GifCleaner.Copy(new ImageReader(source), target);
                    break;
                case FileType.Webp:
                    WebpCleaner.Copy(source, target);
                    break;
                default:
                    throw new ArgumentException($"not the type of an image: {type}", nameof(type));
            }
        }
        catch (ImageFormatException)
        {
            return false;
        }

        target.Flush();
        return true;
    }
}
