using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Files.Images;

/// <summary>A request to <see cref="PreviewProgram"/>: one line of JSON.</summary>
/// <param name="Image">The full path of the image.</param>
/// <param name="Preview">The full path of the preview, which must not exist.</param>
/// <param name="Orientation">
/// How browsers turn and mirror the image, 1 to 8. The decoder's own value is not used, because decoders and browsers disagree about some formats.
/// </param>
/// <param name="MaxPixels">An image with more pixels is not decoded.</param>
/// <param name="MaxSide">Maximum width and height of the preview.</param>
/// <param name="MaxBytes">Maximum size of the preview in bytes.</param>
internal sealed record PreviewRequest(string Image, string Preview, int Orientation, int MaxPixels, int MaxSide, int MaxBytes);

/// <summary>The answer to a <see cref="PreviewRequest"/>: one line of JSON.</summary>
/// <param name="Width">The width of the image in pixels, as viewers show it; 0 if there is no preview.</param>
/// <param name="Height">The height of the image; 0 if there is no preview.</param>
internal sealed record PreviewAnswer(int Width, int Height);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PreviewRequest))]
[JsonSerializable(typeof(PreviewAnswer))]
internal sealed partial class PreviewJson : JsonSerializerContext;
