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

    /// <summary>The most sessions kept, in memory and in the storage; beyond it the guests longest away are forgotten first. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int Most { get; set; } = 100_000;
}
