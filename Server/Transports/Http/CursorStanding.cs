namespace RawSocketChat.Server.Transports.Http;

/// <summary>What an outbox knows of a cursor.</summary>
internal enum CursorStanding
{
    /// <summary>What follows it is there.</summary>
    Known,

    /// <summary>What follows it is not known here any more, or never was.</summary>
    Unknown,

    /// <summary>Somebody else has confirmed what follows it: two ask with one session, and this one is behind.</summary>
    Outrun,
}

/// <summary>What <see cref="CursorOutbox.Read"/> found.</summary>
internal enum ReadStanding
{
    /// <summary>What stands, which may be nothing; more may follow.</summary>
    GoesOn,

    /// <summary>That was the last of it.</summary>
    Ended,

    /// <summary>A newer request has taken over, and may have confirmed what follows the cursor: nothing is handed out.</summary>
    Behind,
}
