using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Sessions;

/// <summary>Limits on what clients may send. Section <c>Limits</c>.</summary>
public sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>
    /// False turns off the rate limits and the limits on the number of rooms, for load tests. Limits on sizes still apply. Default true.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Maximum bytes of a frame from a client. Default 65,536.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int FrameBytes { get; set; } = 65_536;

    /// <summary>Maximum UTF-16 code units of a message's text, as JavaScript's <c>length</c> counts them. Default 8,000.</summary>
    [Range(1, 1_000_000)]
    public int TextLength { get; set; } = 8_000;

    /// <summary>
    /// Messages that a user may send per second, over all connections of the user. Topics, changes of messages, reactions, moderation and new
    /// names count too. More messages get <c>rate-limited</c>. On raw TCP in the text format they wait instead. Default 5.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MessagesPerSecond { get; set; } = 5;

    /// <summary>Messages that a user may send in one burst. After the burst, <see cref="MessagesPerSecond"/> applies. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int MessageBurst { get; set; } = 20;

    /// <summary>
    /// The number of requests per second that a user may send, over all connections of the user. Messages do not count here. In one burst,
    /// the user may send ten times this number. Default 20.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 20;

    /// <summary>
    /// Frames of any kind that the server reads from a connection per second, WebSocket control frames included. A frame counts once more for
    /// each 4 KiB. In one burst, the server reads five times this number. It reads the rest later and rejects nothing, so TCP slows
    /// the client down. A connection may get ten times this number of <c>rate-limited</c> errors in one burst, and a tenth of this number per
    /// second after that. With more, the server closes the connection (4506). Default 200.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FramesPerSecond { get; set; } = 200;

    /// <summary>
    /// Rejected frames that a connection may send in one burst before the server closes the connection (4506). Two further rejected frames are
    /// allowed per second. Frames that the server rejects because they come too fast do not count. Default 200.
    /// </summary>
    [Range(1, 1_000_000)]
    public int Errors { get; set; } = 200;

    /// <summary>
    /// Wrong passwords that one address may send in one burst for one name. The server accepts one more every 30 s. A successful login does not
    /// count. If all addresses together have sent this number of wrong passwords for a name, each further login with this name takes 3 s
    /// longer. Default 10.
    /// </summary>
    [Range(1, 1_000_000)]
    public int LoginAttemptsPerName { get; set; } = 10;

    /// <summary>
    /// Logins (successful or not), changes of a password, registrations and rejected tokens of single sign-on that the server accepts in one burst
    /// from one address. After that, the server accepts one more every 3 s. IPv6 addresses with the same first 64 bits count as one address.
    /// Default 30.
    /// </summary>
    // The default is below the number of passwords of one address that may wait in PasswordHashingPool. So with the default, this limit is
    // reached first.
    [Range(1, 1_000_000)]
    public int LoginAttemptsPerAddress { get; set; } = 30;

    /// <summary>
    /// Names that clients of one address may register in one burst. The server accepts one more every 5 minutes. Default 20.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RegistrationsPerAddress { get; set; } = 20;

    /// <summary>Maximum rooms that a connection may be in. Default 50.</summary>
    [Range(1, 100_000)]
    public int RoomsPerConnection { get; set; } = 50;

    /// <summary>Maximum rooms on this server. Default 10,000.</summary>
    [Range(1, 10_000_000)]
    public int Rooms { get; set; } = 10_000;

    /// <summary>Maximum rooms that a user may have created. Default 20.</summary>
    [Range(1, 10_000_000)]
    public int RoomsPerUser { get; set; } = 20;

    /// <summary>Maximum tokens with which programs post to one room. Default 20.</summary>
    [Range(1, 10_000)]
    public int TokensPerRoom { get; set; } = 20;

    /// <summary>
    /// Maximum bytes in a connection's outbox. If more bytes would wait, the peer is a slow consumer, and the server closes the connection (4008).
    /// Even an outbox of the smallest allowed size has space for two pages of history. Default 1 MiB.
    /// </summary>
    [Range(512 * 1024, 1024 * 1024 * 1024)]
    public long OutboxBytes { get; set; } = 1024 * 1024;
}
