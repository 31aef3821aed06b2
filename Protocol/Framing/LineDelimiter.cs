namespace RawSocketChat.Protocol.Framing;

/// <summary>What ends a frame on raw TCP.</summary>
public enum LineDelimiter : byte
{
    /// <summary>NUL, as Flash's XMLSocket spoke.</summary>
    Nul = 0,

    /// <summary>A newline, as nc and small devices speak; a carriage return before it is dropped.</summary>
    Newline = (byte)'\n',
}
