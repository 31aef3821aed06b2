using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Sessions;

/// <summary>What clients may ask of the server. Section <c>Limits</c>.</summary>
public sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>False lifts rates and counts, for load tests; never sizes. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Bytes of one frame from a client. Default 65,536.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int FrameBytes { get; set; } = 65_536;

    /// <summary>UTF-16 units of one message's text, as JavaScript's <c>length</c> counts them. Default 8,000.</summary>
    [Range(1, 1_000_000)]
    public int TextLength { get; set; } = 8_000;

    /// <summary>Messages a second that a user may send, by all of its connections. Default 5.</summary>
    [Range(1, 1_000_000)]
    public int MessagesPerSecond { get; set; } = 5;

    /// <summary>Messages that a user who was quiet may send at once. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int MessageBurst { get; set; } = 20;

    /// <summary>Frames of any other type, a second and connection; ten times as many at once. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 20;

    /// <summary>Bad frames that a connection may send at once before it is closed (4506); two a second are forgiven, and what came too fast is not counted. Default 200.</summary>
    [Range(1, 1_000_000)]
    public int Errors { get; set; } = 200;

    /// <summary>Passwords that may be tried at once for one name; one more each 30 s, and one that is right is not counted. Default 10.</summary>
    [Range(1, 1_000_000)]
    public int LoginAttemptsPerName { get; set; } = 10;

    /// <summary>Logins, right or wrong, and registrations at once from one address (of IPv6, the first 64 bits); one more each 3 s. Default 30.</summary>
    // Fewer than passwords may wait: so no address keeps everybody else's from being verified.
    [Range(1, 1_000_000)]
    public int LoginAttemptsPerAddress { get; set; } = 30;

    /// <summary>Rooms that one connection may be in. Default 50.</summary>
    [Range(1, 100_000)]
    public int RoomsPerConnection { get; set; } = 50;

    /// <summary>Rooms on this server. Default 10,000.</summary>
    [Range(1, 10_000_000)]
    public int Rooms { get; set; } = 10_000;

    /// <summary>Rooms that one user may have made. Default 20.</summary>
    [Range(1, 10_000_000)]
    public int RoomsPerUser { get; set; } = 20;

    /// <summary>Bytes that may wait for a client that reads too slowly, before it is let go (4008); at least two answers of a page each. Default 1 MiB.</summary>
    [Range(512 * 1024, 1024 * 1024 * 1024)]
    public long OutboxBytes { get; set; } = 1024 * 1024;
}
