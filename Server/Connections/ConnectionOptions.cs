using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Connections;

/// <summary>How long the server waits for peers. Section <c>Connections</c>.</summary>
public sealed class ConnectionOptions
{
    public const string Section = "Connections";

    /// <summary>Seconds of silence after which a WebSocket peer is pinged; anything heard resets it. Default 25.</summary>
    [Range(1, 3600)]
    public int PingSeconds { get; set; } = 25;

    /// <summary>Seconds that a pinged peer has to be heard from before it is let go (4010). Default 20.</summary>
    [Range(1, 3600)]
    public int PongSeconds { get; set; } = 20;

    /// <summary>
    /// Seconds of silence after which TCP itself asks whether the peer's machine is still there; four unanswered probes end
    /// the connection. It is what finds a vanished peer at the raw port, where nobody has to answer anything. Default 60.
    /// </summary>
    [Range(1, 32767)]
    public int TcpKeepAliveSeconds { get; set; } = 60;

    /// <summary>
    /// Seconds of silence from the start after which a peer of the raw port that has not sent its first frame is let go (4010).
    /// Who has spoken may then be silent for as long as they like. Default 60.
    /// </summary>
    [Range(1, 3600)]
    public int FirstFrameSeconds { get; set; } = 60;

    /// <summary>Seconds of silence in the middle of a frame after which the peer is let go (4010). Default 20.</summary>
    [Range(1, 3600)]
    public int FrameSeconds { get; set; } = 20;

    /// <summary>Seconds for which a peer may take nothing of what it is owed before it is let go (4008). Default 30.</summary>
    [Range(1, 3600)]
    public int StallSeconds { get; set; } = 30;

    /// <summary>
    /// Seconds that a closed connection waits, reading and dropping, for the peer's own end, so that the close frame is
    /// not overtaken by a TCP reset. Default 2.
    /// </summary>
    [Range(1, 60)]
    public int LingerSeconds { get; set; } = 2;

    /// <summary>
    /// How long a connection that ended for this reason may take to read its last bytes and end its side. A slow reader has
    /// as long as one that stalls: else it would never learn why it was let go. So has one that ended its side after its last
    /// question: it reads on, and is owed the answers.
    /// </summary>
    internal TimeSpan LingerFor(Disconnect? reason) => TimeSpan.FromSeconds(
        reason == Disconnect.TooSlow || reason == Disconnect.EndOfInput ? Math.Max(StallSeconds, LingerSeconds) : LingerSeconds);
}
