using System.Globalization;
using System.Text.Json;

namespace RawSocketChat.Server.Operator;

/// <summary>The fields of one object of an exported room. Each is asked for once; what nobody asked for is told.</summary>
internal sealed class LineFields
{
    private readonly Dictionary<string, JsonElement> _left = [];
    private readonly Func<string, OperatorException> _fault;

    public LineFields(JsonElement line, Func<string, OperatorException> fault)
    {
        _fault = fault;
        foreach (var field in line.EnumerateObject())
            _left[NameOf(field)] = field.Value;
    }

    public string Text(string name) => TextOrNull(name) ?? throw _fault($"its \"{name}\" is missing");

    public string? TextOrNull(string name)
    {
        try
        {
            return Take(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            throw _fault($"its \"{name}\" is no text, or not UTF-8");
        }
    }

    public long Number(string name) => NumberOrNull(name) ?? throw _fault($"its \"{name}\" is missing");

    public long? NumberOrNull(string name) =>
        Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw _fault($"its \"{name}\" is no whole number");

    public bool Flag(string name, bool? otherwise = null) => Take(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        null => otherwise ?? throw _fault($"its \"{name}\" is missing"),
        _ => throw _fault($"its \"{name}\" is not true or false"),
    };

    public DateTimeOffset Time(string name) =>
        DateTimeOffset.TryParseExact(Text(name), RoomFileHeader.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
        && at >= DateTimeOffset.UnixEpoch
            ? at
            : throw _fault($"its \"{name}\" is no time like 2026-11-23T10:02:31.123Z");

    public LineFields Part(string name) =>
        Take(name) is { ValueKind: JsonValueKind.Object } part ? new LineFields(part, _fault) : throw _fault($"its \"{name}\" is missing, or no object");

    /// <summary>What this version does not know would be lost.</summary>
    public void NothingElse()
    {
        if (_left.Count > 0)
            throw _fault($"this server does not know the field \"{_left.Keys.First()}\"");
    }

    private JsonElement? Take(string name) => _left.Remove(name, out var value) ? value : null;

    private string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            throw _fault("a field's name is not UTF-8");
        }
    }
}
