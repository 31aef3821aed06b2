using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Sessions;

/// <summary>How many sessions the server keeps, and for how long. Section <c>Sessions</c>.</summary>
public sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>Minutes for which a client can resume a guest's session after the session's last connection has ended. Default 60.</summary>
    [Range(1, 10080)]
    public int GuestMinutes { get; set; } = 60;

    /// <summary>Days for which a client can resume an account's session after the session's last connection has ended. Default 30.</summary>
    [Range(1, 3650)]
    public int AccountDays { get; set; } = 30;

    /// <summary>
    /// Sessions that one account may have. If a login exceeds this number, the server ends the session that has been without a connection
    /// for the longest time. If all sessions are connected, the server ends the session that has been connected for the longest time.
    /// Default 20.
    /// </summary>
    [Range(1, 10_000)]
    public int PerAccount { get; set; } = 20;

    /// <summary>
    /// Maximum number of guests' sessions. If there are more, the server removes the sessions that have been without a connection for the
    /// longest time. The same maximum applies to the number of all sessions in memory. Connected sessions are never removed. Default
    /// 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int Most { get; set; } = 100_000;
}
