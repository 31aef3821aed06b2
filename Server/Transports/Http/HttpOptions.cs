using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>The HTTP transports. Section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    public const string Section = "Http";

    /// <summary>
    /// The server closes the connection of a session (4010) this many seconds after the session's last request. Until then the session stays in its
    /// rooms. Default 30.
    /// </summary>
    [Range(1, 3600)]
    public int GraceSeconds { get; set; } = 30;

    /// <summary>Maximum seconds for which the server holds a long-poll request, even if the request asks for more. Default 60.</summary>
    [Range(1, 3600)]
    public int LongPollSeconds { get; set; } = 60;

    /// <summary>
    /// If a stream has had no output for this many seconds, the server sends bytes that the client ignores. So no proxy closes the stream as idle.
    /// Default 15.
    /// </summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 15;

    /// <summary>
    /// The server ends a forever iframe after this many bytes, so that the page's memory does not grow. Then the page opens a new iframe, which
    /// continues after the last frame of the old iframe. Default 512 KiB.
    /// </summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int IframeBytes { get; set; } = 512 * 1024;

    /// <summary>Maximum number of frames in one <c>POST /send</c>. Default 100.</summary>
    [Range(1, 10_000)]
    public int FramesPerPost { get; set; } = 100;

    /// <summary>
    /// Bytes that the bodies of all requests may hold together. Above this, the server rejects bodies of more than 16 KiB. Default 64 MiB.
    /// </summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long BodyBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes that all unread answers may hold together: the answers to <c>POST /send</c>, and the answers to requests for the messages of a room.
    /// Above this, the server rejects requests for messages, and rejects the requests of sessions that have more than 16 KiB of unread answers.
    /// Default 64 MiB.
    /// </summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long AnswerBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Maximum number of sessions over HTTP at one time. Each device of a session counts. Above the maximum, the server rejects new
    /// sessions. Default 20,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int Sessions { get; set; } = 20_000;

    /// <summary>
    /// Maximum number of devices of one session at one time. Each device has its own outbox. This limit never rejects a client that sends
    /// no <c>device</c> parameter. Default 16.
    /// </summary>
    [Range(1, 1000)]
    public int DevicesPerSession { get; set; } = 16;
}
