using System.Globalization;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The id that a client gives a frame: a string of 1 to 64 characters, or an integer. The answer has the same id, of the same
/// JSON type. <c>default</c> means that the frame has no id.
/// </summary>
public readonly record struct FrameId
{
    /// <summary>The maximum length of a string id, in Unicode scalar values.</summary>
    public const int MaxLength = 64;

    private readonly string? _text;
    private readonly long _number;
    private readonly bool _isNumber;

    private FrameId(string? text, long number, bool isNumber)
    {
        _text = text;
        _number = number;
        _isNumber = isNumber;
    }

    /// <summary>Whether the frame has no id.</summary>
    public bool IsNone => _text is null && !_isNumber;

    /// <summary>
    /// The key for finding duplicates: <c>i42</c> for the integer 42, and <c>s42</c> for the string "42", so the two are different. Empty
    /// if there is no id.
    /// </summary>
    public string Key => _isNumber ? "i" + ToString() : _text is null ? "" : "s" + _text;

    /// <summary>Creates a string id.</summary>
    /// <exception cref="ArgumentException">The text is empty, or longer than <see cref="MaxLength"/>.</exception>
    public static FrameId From(string text) =>
        TryFrom(text, out var id) ? id : throw new ArgumentException($"an id has 1 to {MaxLength} characters", nameof(text));

    /// <summary>Creates an integer id.</summary>
    public static FrameId From(long number) => new(null, number, true);

    /// <summary>Returns the id for display: <c>42</c> for both 42 and "42"; empty if there is no id.</summary>
    public override string ToString() => _isNumber ? _number.ToString(CultureInfo.InvariantCulture) : _text ?? "";

    internal static bool TryFrom(string text, out FrameId id)
    {
        id = default;
        // A character has at most two UTF-16 units. This check avoids counting the characters of a long string.
        if (text.Length is 0 or > MaxLength * 2 || text.EnumerateRunes().Count() > MaxLength)
            return false;
        id = new FrameId(text, 0, false);
        return true;
    }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        if (_isNumber)
            writer.WriteNumber("id"u8, _number);
        else if (_text is not null)
            writer.WriteText("id"u8, _text);
    }
}
