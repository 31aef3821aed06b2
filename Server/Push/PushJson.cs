using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Push;

/// <summary>The content of a push message.</summary>
/// <param name="Name">The name of the author.</param>
/// <param name="Text">The beginning of the text; empty if the message has only files.</param>
/// <param name="Direct">Whether the room is a direct room of two users.</param>
internal sealed record PushContent(string Room, long Seq, string Name, string Text, bool Direct);

/// <summary>The body of <c>POST /push</c> and <c>DELETE /push</c>: the result of <c>PushSubscription.toJSON()</c> in a browser, with
/// two more fields.</summary>
/// <param name="Level"><c>all</c> or <c>mentions</c>.</param>
/// <param name="QuietUntil">A time (ISO 8601), <c>forever</c>, or null.</param>
internal sealed record PushRequest(string? Endpoint, PushRequestKeys? Keys, string? Level, string? QuietUntil);

/// <summary>The keys of a browser, in base64url.</summary>
internal sealed record PushRequestKeys(string? P256dh, string? Auth);

/// <summary>The answer to <c>GET /push</c>.</summary>
/// <param name="Key">The public key of this server.</param>
internal sealed record PushKeyAnswer(string Key);

/// <summary>Reads and writes the JSON of push messages.</summary>
internal static partial class PushJson
{
    // Does not escape letters outside of ASCII, so that names in other scripts need fewer bytes.
    private static readonly Context Compact = new(new JsonSerializerOptions(Context.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static string Write(PushContent content) => JsonSerializer.Serialize(content, Compact.PushContent);

    public static byte[] Write(PushKeyAnswer answer) => JsonSerializer.SerializeToUtf8Bytes(answer, Compact.PushKeyAnswer);

    /// <summary>Reads a request. Returns null if it is not valid JSON, or if a field has the wrong type.</summary>
    public static PushRequest? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Context.Default.PushRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(PushContent))]
    [JsonSerializable(typeof(PushRequest))]
    [JsonSerializable(typeof(PushKeyAnswer))]
    private sealed partial class Context : JsonSerializerContext;
}
