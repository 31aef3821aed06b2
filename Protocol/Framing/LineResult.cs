namespace RawSocketChat.Protocol.Framing;

/// <summary>The result of <see cref="LineFraming.TryReceive"/>.</summary>
public enum LineResult
{
    /// <summary>All input was read, and no line is complete.</summary>
    NeedMore,

    /// <summary>A complete line, possibly empty.</summary>
    Line,

    /// <summary>A line that is longer than the limit. The line is reported once, and the rest of the line is dropped.</summary>
    TooLong,
}
