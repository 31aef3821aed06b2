using System.Text.Json;
using System.Text.Json.Serialization;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The fields of an event that are stored as JSON in the column <c>body</c>. A field without a value is omitted.</summary>
internal sealed record EventBody(
    long? Reply = null,
    bool Me = false,
    string? Emoji = null,
    bool Off = false,
    IReadOnlyList<string>? Mentions = null,
    string? Action = null,
    string? User = null,
    string? UserName = null,
    string? Role = null,
    long? Seconds = null,
    bool Bot = false,
    IReadOnlyList<MessageFile>? Files = null)
{
    private static readonly EventBody Empty = new();

    /// <summary>Returns the JSON, or null if all fields are empty.</summary>
    public static string? Encode(NewEvent content) =>
        content is { Reply: null, Me: false, Emoji: null, Mentions: null, Moderation: null, IsBot: false, Files: null } ? null : JsonSerializer.Serialize(Create(content), EventBodyJson.Default.EventBody);

    /// <summary>Returns the JSON, or null if all fields are empty.</summary>
    public string? EncodeOrNull() => this == Empty ? null : JsonSerializer.Serialize(this, EventBodyJson.Default.EventBody);

    /// <summary>Returns what a moderator did; null for an event of another kind.</summary>
    public ModerationDetails? GetModeration() => Action is null ? null : new ModerationDetails(Action, User, UserName, Role, Seconds);

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

    private static EventBody Create(NewEvent content)
    {
        var done = content.Moderation;
        return new EventBody(content.Reply, content.Me, content.Emoji, content.Off, content.Mentions, done?.Action, done?.User, done?.UserName, done?.Role, done?.Seconds, content.IsBot, content.Files);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(EventBody))]
internal sealed partial class EventBodyJson : JsonSerializerContext;
