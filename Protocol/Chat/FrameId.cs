using System.Globalization;
using System.Text.Json;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// What a client names a frame by: a string of 1 to 64 characters, or an integer. The answer bears the same one, of the same
/// JSON kind. <c>default</c> is "none": the frame bore no id.
/// </summary>
public readonly record struct FrameId
{
    /// <summary>The most characters (Unicode scalar values) that a string id may have.</summary>
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

    /// <summary>True where the frame bore no id.</summary>
    public bool IsNone => _text is null && !_isNumber;

    /// <summary>
    /// For looking repeats up: <c>i42</c> for the integer 42, <c>s42</c> for the string "42"; so the two never meet. Empty for none.
    /// </summary>
    public string Key => _isNumber ? "i" + ToString() : _text is null ? "" : "s" + _text;

    /// <summary>An id that is a string.</summary>
    /// <exception cref="ArgumentException">It is empty, or longer than <see cref="MaxLength"/>.</exception>
    public static FrameId From(string text) =>
        TryFrom(text, out var id) ? id : throw new ArgumentException($"an id has 1 to {MaxLength} characters", nameof(text));

    /// <summary>An id that is an integer.</summary>
    public static FrameId From(long number) => new(null, number, true);

    /// <summary>The id as a person reads it: <c>42</c> for both 42 and "42"; empty for none.</summary>
    public override string ToString() => _isNumber ? _number.ToString(CultureInfo.InvariantCulture) : _text ?? "";

    internal static bool TryFrom(string text, out FrameId id)
    {
        id = default;
        // No string of more than two UTF-16 units a character can fit: spares counting a long one.
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
