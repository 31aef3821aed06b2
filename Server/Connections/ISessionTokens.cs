namespace RawSocketChat.Server.Connections;

/// <summary>What is known of a session's secret token.</summary>
public enum SessionStanding
{
    /// <summary>It is nobody's: never given, or its session has ended.</summary>
    Unknown,

    /// <summary>Its session stands.</summary>
    Stands,

    /// <summary>It cannot be looked up at the moment.</summary>
    CannotTell,
}

/// <summary>
/// Tells whether a session stands, for ways in whose requests each bear its token. Asking changes nothing. Safe from any thread.
/// </summary>
public interface ISessionTokens
{
    ValueTask<SessionStanding> LookUpAsync(string token);
}
