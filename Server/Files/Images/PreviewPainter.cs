using SkiaSharp;

namespace RawSocketChat.Server.Files.Images;

/// <summary>Decodes an image and writes its preview, a WebP image. Runs only in <see cref="PreviewProgram"/>.</summary>
internal static class PreviewPainter
{
    private static readonly int[] Qualities = [80, 60, 40, 20];

    private static readonly SKSamplingOptions Sampling = new(SKFilterMode.Linear, SKMipmapMode.Linear);

    /// <summary>Creates a preview. Returns null if the image cannot be decoded or is too large.</summary>
    public static PreviewAnswer? Create(PreviewRequest request)
    {
        using var codec = SKCodec.Create(request.Image);
        if (codec is null || codec.Info.Width < 1 || codec.Info.Height < 1 || (long)codec.Info.Width * codec.Info.Height > request.MaxPixels)
            return null;
        using var decoded = Decode(codec, request.MaxSide);
        if (decoded is null)
            return null;
        using var picture = SKImage.FromBitmap(decoded);
        var origin = (SKEncodedOrigin)request.Orientation;
        var (width, height) = IsOnItsSide(origin) ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        using var encoded = Encode(picture, origin, width, height, request);
        using var file = new FileStream(request.Preview, FileMode.CreateNew, FileAccess.Write);
        encoded.SaveTo(file);
        file.Flush(flushToDisk: true);
        return new PreviewAnswer(width, height);
    }

    // Some formats can be decoded at a smaller size, which takes less time and memory. If the image is incomplete, the preview shows the part
    // that can be decoded.
    private static SKBitmap? Decode(SKCodec codec, int maxSide)
    {
        var scale = Math.Min(1f, (float)maxSide / Math.Max(codec.Info.Width, codec.Info.Height));
        var size = codec.GetScaledDimensions(scale);
        if (Math.Max(size.Width, size.Height) < maxSide)
            size = new SKSizeI(codec.Info.Width, codec.Info.Height);
        var bitmap = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb()));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) is SKCodecResult.Success or SKCodecResult.IncompleteInput)
            return bitmap;
        bitmap.Dispose();
        return null;
    }

    // Reduces the quality first, and then the number of pixels, until the preview is small enough.
    private static SKData Encode(SKImage picture, SKEncodedOrigin origin, int width, int height, PreviewRequest request)
    {
        for (var side = (double)request.MaxSide; ; side *= 0.7)
        {
            var scale = Math.Min(1, side / Math.Max(width, height));
            using var surface = SKSurface.Create(new SKImageInfo(Math.Max(1, (int)(width * scale)), Math.Max(1, (int)(height * scale)), SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb()));
            Draw(surface.Canvas, picture, origin, surface.Canvas.DeviceClipBounds.Width, surface.Canvas.DeviceClipBounds.Height);
            using var preview = surface.Snapshot();
            foreach (var quality in Qualities)
            {
                var encoded = preview.Encode(SKEncodedImageFormat.Webp, quality);
                if (encoded.Size <= request.MaxBytes)
                    return encoded;
                encoded.Dispose();
            }
        }
    }

    private static void Draw(SKCanvas canvas, SKImage picture, SKEncodedOrigin origin, int width, int height)
    {
        canvas.Clear(SKColors.Transparent);
        // Each matrix maps the unit square of the stored picture to the unit square of the shown picture.
        var shown = origin switch
        {
            SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, 1, 0, 1, 0, 0, 0, 1),
            SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, 1, 0, -1, 1, 0, 0, 1),
            SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, 1, 0, 0, 1),
            SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightTop => new SKMatrix(0, -1, 1, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, 1, -1, 0, 1, 0, 0, 1),
            SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, 1, 0, 0, 1),
            _ => SKMatrix.Identity,
        };
        canvas.Scale(width, height);
        canvas.Concat(in shown);
        canvas.DrawImage(picture, new SKRect(0, 0, 1, 1), Sampling);
    }

    private static bool IsOnItsSide(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
}
