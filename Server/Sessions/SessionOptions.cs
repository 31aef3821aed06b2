using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Sessions;

/// <summary>How long those who are away are remembered. Section <c>Sessions</c>.</summary>
public sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>Minutes after its last connection for which a guest's session can be taken up again. Default 60.</summary>
    [Range(1, 10080)]
    public int GuestMinutes { get; set; } = 60;

    /// <summary>Days after its last connection for which a session of a registered name can be taken up again. Default 30.</summary>
    [Range(1, 3650)]
    public int AccountDays { get; set; } = 30;

    /// <summary>Sessions that one account may have; a login beyond it ends the one longest away, else the one longest connected. Default 20.</summary>
    [Range(1, 10_000)]
    public int PerAccount { get; set; } = 20;

    /// <summary>
    /// The most guests' sessions kept; beyond it those longest away are forgotten first. Memory holds as many sessions of any
    /// kind, and those that are connected in any case. Default 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int Most { get; set; } = 100_000;
}
