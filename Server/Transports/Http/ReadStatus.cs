namespace RawSocketChat.Server.Transports.Http;

/// <summary>The result of <see cref="CursorOutbox.Read"/>.</summary>
internal enum ReadStatus
{
    /// <summary>All available frames were returned, up to the size limit. There may be none. More frames may follow.</summary>
    Open,

    /// <summary>The last frame was returned. No more frames will follow.</summary>
    Ended,

    /// <summary>No frame was returned, because a newer request has taken over and may have confirmed the frames after the cursor.</summary>
    Behind,
}
