namespace RawSocketChat.Protocol.Framing;

/// <summary>What <see cref="LineFraming.TryReceive"/> found.</summary>
public enum LineResult
{
    /// <summary>All input was taken, and no line is complete.</summary>
    NeedMore,

    /// <summary>A line, perhaps an empty one.</summary>
    Line,

    /// <summary>A line over the limit, reported once; the rest of it will be dropped.</summary>
    TooLong,
}
