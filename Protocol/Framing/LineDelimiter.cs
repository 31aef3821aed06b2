namespace RawSocketChat.Protocol.Framing;

/// <summary>The byte that ends a frame on raw TCP.</summary>
public enum LineDelimiter : byte
{
    /// <summary>NUL, which Flash's XMLSocket uses.</summary>
    Nul = 0,

    /// <summary>A newline, which nc and small devices use. The reader drops a carriage return before the newline.</summary>
    Newline = (byte)'\n',
}
