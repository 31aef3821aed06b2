namespace RawSocketChat.Server.Transports.Http;

/// <summary>The result of <see cref="CursorOutbox.Confirm"/>.</summary>
internal enum CursorStatus
{
    /// <summary>The request can continue: all frames that the request must read are available.</summary>
    Known,

    /// <summary>The frames after the cursor are no longer available, or the outbox has never handed out this cursor.</summary>
    Unknown,

    /// <summary>
    /// Another request has confirmed frames after this cursor. This happens if two clients use one session with the same device name.
    /// </summary>
    Stale,
}
