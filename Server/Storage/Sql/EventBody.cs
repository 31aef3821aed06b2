using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The fields of an event that are stored as JSON in the column <c>body</c>. A field without a value is omitted.</summary>
internal sealed record EventBody(long? Reply = null, bool Me = false)
{
    private static readonly EventBody Empty = new();

    /// <summary>Returns the JSON, or null if all fields are empty.</summary>
    public static string? Encode(NewEvent content) =>
        content is { Reply: null, Me: false } ? null : JsonSerializer.Serialize(new EventBody(content.Reply, content.Me), EventBodyJson.Default.EventBody);

    /// <exception cref="StorageException">The JSON is damaged.</exception>
    public static EventBody Decode(string? json)
    {
        if (json is null)
            return Empty;
        try
        {
            return JsonSerializer.Deserialize(json, EventBodyJson.Default.EventBody) ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw new StorageException($"the body of an event is damaged ({fault.Message})", fault) { IsDamage = true };
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(EventBody))]
internal sealed partial class EventBodyJson : JsonSerializerContext;
