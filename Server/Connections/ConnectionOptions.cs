using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Connections;

/// <summary>The timeouts of connections. Section <c>Connections</c>.</summary>
public sealed class ConnectionOptions
{
    public const string Section = "Connections";

    /// <summary>
    /// The server pings a WebSocket peer that has sent nothing for this many seconds. Any input restarts this time. Default 25.
    /// </summary>
    [Range(1, 3600)]
    public int PingSeconds { get; set; } = 25;

    /// <summary>Seconds in which a peer must answer a ping. After this time the server closes the connection (4010). Default 20.</summary>
    [Range(1, 3600)]
    public int PongSeconds { get; set; } = 20;

    /// <summary>
    /// TCP itself probes the machine of a peer that has sent nothing for this many seconds. Four unanswered probes end the connection. The
    /// probes find a lost peer on the raw TCP port, where clients do not answer pings. Default 60.
    /// </summary>
    [Range(1, 32767)]
    public int TcpKeepAliveSeconds { get; set; } = 60;

    /// <summary>
    /// The server closes a raw TCP connection (4010) if the peer has sent nothing for this many seconds before its first frame. After the first frame
    /// a peer may be silent for any time. Default 60.
    /// </summary>
    [Range(1, 3600)]
    public int FirstFrameSeconds { get; set; } = 60;

    /// <summary>The server closes a connection (4010) if the peer sends nothing for this many seconds in the middle of a frame. Default 20.</summary>
    [Range(1, 3600)]
    public int FrameSeconds { get; set; } = 20;

    /// <summary>
    /// Seconds in which a whole message must arrive: a frame with all its fragments, or the body of a POST. After this time the server
    /// closes the connection (4010), or answers the POST with status 408, even if the peer still sends bytes or fragments. Default
    /// 120.
    /// </summary>
    [Range(1, 3600)]
    public int WholeFrameSeconds { get; set; } = 120;

    /// <summary>
    /// The server closes a connection (4008) if the peer reads nothing for this many seconds while the server has data for the peer. Default 30.
    /// </summary>
    [Range(1, 3600)]
    public int StallSeconds { get; set; } = 30;

    /// <summary>
    /// The linger timeout in seconds. After the server has closed a connection, the server waits at most this long until the peer closes
    /// too. During this time the server reads and discards input. Otherwise a TCP reset could destroy the close message before the peer
    /// reads the message. Default 2.
    /// </summary>
    [Range(1, 60)]
    public int LingerSeconds { get; set; } = 2;

    /// <summary>
    /// The linger timeout of a connection that was closed for the given reason. A slow consumer gets at least <see cref="StallSeconds"/>, because it
    /// reads the earlier bytes before the close message. A peer that has shut down its sending side also gets at least <see cref="StallSeconds"/>,
    /// because it still reads the answers.
    /// </summary>
    internal TimeSpan LingerFor(Disconnect? reason) => TimeSpan.FromSeconds(
        reason == Disconnect.TooSlow || reason == Disconnect.EndOfInput ? Math.Max(StallSeconds, LingerSeconds) : LingerSeconds);
}
