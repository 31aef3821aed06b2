using System.Globalization;
using System.Text.Json;

namespace RawSocketChat.Server.Operator;

/// <summary>
/// Reads the fields of one object of an export file. Each field can be read once. <see cref="RejectUnknownFields"/> reports fields that
/// were not read.
/// </summary>
internal sealed class RoomFileFields
{
    private readonly Dictionary<string, JsonElement> _unread = [];
    private readonly Func<string, OperatorException> _createError;

    public RoomFileFields(JsonElement line, Func<string, OperatorException> fault)
    {
        _createError = fault;
        foreach (var field in line.EnumerateObject())
            _unread[GetName(field)] = field.Value;
    }

    public string ReadText(string name) => ReadTextOrNull(name) ?? throw _createError($"\"{name}\" is missing");

    public string? ReadTextOrNull(string name)
    {
        try
        {
            return ReadValue(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            throw _createError($"\"{name}\" is not a text, or not UTF-8");
        }
    }

    public long ReadNumber(string name) => ReadNumberOrNull(name) ?? throw _createError($"\"{name}\" is missing");

    public long? ReadNumberOrNull(string name) =>
        ReadValue(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw _createError($"\"{name}\" is not a whole number");

    public bool ReadFlag(string name, bool? defaultValue = null) => ReadValue(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        null => defaultValue ?? throw _createError($"\"{name}\" is missing"),
        _ => throw _createError($"\"{name}\" is not true or false"),
    };

    public IReadOnlyList<string>? ReadTextsOrNull(string name)
    {
        if (ReadValue(name) is not { } value)
            return null;
        try
        {
            return [.. value.EnumerateArray().Select(text => text.GetString() ?? throw new InvalidOperationException())];
        }
        catch (InvalidOperationException)
        {
            throw _createError($"\"{name}\" is not a list of texts");
        }
    }

    public IReadOnlyList<RoomFileFields>? ReadObjectsOrNull(string name) => ReadValue(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(element => element.ValueKind == JsonValueKind.Object) =>
            [.. list.EnumerateArray().Select(element => new RoomFileFields(element, _createError))],
        _ => throw _createError($"\"{name}\" is not a list of objects"),
    };

    public DateTimeOffset ReadTime(string name) => ReadTimeOrNull(name) ?? throw _createError($"\"{name}\" is missing");

    public DateTimeOffset? ReadTimeOrNull(string name) =>
        ReadTextOrNull(name) is not { } text ? null
        : DateTimeOffset.TryParseExact(text, RoomFileHeader.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
        && at >= DateTimeOffset.UnixEpoch
            ? at
            : throw _createError($"\"{name}\" is not a time like 2026-11-23T10:02:31.123Z");

    public RoomFileFields ReadObject(string name) =>
        ReadValue(name) is { ValueKind: JsonValueKind.Object } part ? new RoomFileFields(part, _createError) : throw _createError($"\"{name}\" is missing or not an object");

    /// <summary>
    /// Rejects the line if it has a field that was not read. This version does not support such a field, so the import would lose the
    /// value.
    /// </summary>
    public void RejectUnknownFields()
    {
        if (_unread.Count > 0)
            throw _createError($"this version does not support the field \"{_unread.Keys.First()}\"");
    }

    private JsonElement? ReadValue(string name) => _unread.Remove(name, out var value) ? value : null;

    private string GetName(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            throw _createError("the name of a field is not UTF-8");
        }
    }
}
