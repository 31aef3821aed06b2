using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Corrects the hints of errors at the address that starts sessions. The chat creates its hints for a connection. So a hint may be a
/// request, such as <c>say</c> or <c>nick</c>, that this address rejects.
/// </summary>
internal static class StartHint
{
    /// <summary>The example for a request without a usable name.</summary>
    public const string Hello = """{"type":"hello","name":"ann"}""";

    // The name is repeated in the hint only if it can be valid.
    private const int MaxNameLength = 32;

    /// <summary>Whether the address accepts the frame.</summary>
    public static bool IsStart(ClientFrame frame) => frame.Type is ClientFrameType.Hello or ClientFrameType.Login or ClientFrameType.Register;

    /// <summary>
    /// If the address would reject the hint of the error, replaces the hint by a <c>hello</c> with the name that the client probably meant.
    /// </summary>
    /// <param name="error">The error.</param>
    /// <param name="body">The body of the request.</param>
    public static ChatError Correct(ChatError error, ReadOnlySpan<byte> body)
    {
        if (error.Hint is not { } hint)
            return error;
        var isFrame = ChatCodec.TryReadClient(Encoding.UTF8.GetBytes(hint), out var frame, out _, out _);
        if (isFrame && IsStart(frame) && hint != Hello)
            return error;
        var name = isFrame && frame.Type == ClientFrameType.Nick && error.Code is ErrorCode.NameTaken or ErrorCode.BadName ? frame.Name : FindName(body);
        return error with { Hint = name is null ? Hello : Hint.Create(new ClientFrame { Type = ClientFrameType.Hello, Name = name }, typed: false) };
    }

    // Finds the name in a body that is not a valid frame; null if the body has no usable name.
    private static string? FindName(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return null;
            using (document)
            {
                return document.RootElement is { ValueKind: JsonValueKind.Object } root
                    && root.TryGetProperty("name"u8, out var value) && value.ValueKind == JsonValueKind.String
                    && value.GetString() is { Length: > 0 and <= MaxNameLength } name && name.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.')
                        ? name
                        : null;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
