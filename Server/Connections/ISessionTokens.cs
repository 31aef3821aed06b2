namespace RawSocketChat.Server.Connections;

/// <summary>The status of a session, looked up by its secret token.</summary>
public enum SessionStatus
{
    /// <summary>There is no such session, or the session has ended.</summary>
    Unknown,

    /// <summary>The session can be resumed.</summary>
    Active,

    /// <summary>The storage cannot look the session up at the moment.</summary>
    Unavailable,
}

/// <summary>Looks up sessions, for transports on which each request has a token. A lookup changes nothing. Thread-safe.</summary>
public interface ISessionTokens
{
    ValueTask<SessionStatus> LookUpAsync(string token);
}
