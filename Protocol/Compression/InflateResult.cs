namespace RawSocketChat.Protocol.Compression;

/// <summary>The result of inflating a message.</summary>
internal enum InflateResult
{
    /// <summary>The message is complete.</summary>
    Done,

    /// <summary>The message is longer than the limit. The inflater stopped at the limit.</summary>
    TooBig,

    /// <summary>The message is not DEFLATE data, or refers to bytes before the beginning of the window.</summary>
    InvalidData,
}
