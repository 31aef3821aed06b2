using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>The ways in over plain requests. Section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    public const string Section = "Http";

    /// <summary>Seconds after its last request for which a session is kept in its rooms; then it is let go (4010). Default 30.</summary>
    [Range(1, 3600)]
    public int GraceSeconds { get; set; } = 30;

    /// <summary>Seconds that a long-poll is held at the most, whatever it asks for. Default 60.</summary>
    [Range(1, 3600)]
    public int LongPollSeconds { get; set; } = 60;

    /// <summary>Seconds of silence after which a stream gets something to ignore, so that no proxy takes it for dead. Default 15.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 15;

    /// <summary>Bytes after which a forever iframe ends, so that the page's memory stays flat; a fresh one goes on with the cursor. Default 512 KiB.</summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int IframeBytes { get; set; } = 512 * 1024;

    /// <summary>Frames that one POST may bear. Default 100.</summary>
    [Range(1, 10_000)]
    public int FramesPerPost { get; set; } = 100;

    /// <summary>Sessions, and devices of them, that may ask at once; beyond it new ones are refused until others are let go. Default 20,000.</summary>
    [Range(1, 10_000_000)]
    public int Sessions { get; set; } = 20_000;

    /// <summary>Devices by which one session may ask at once, each with an outbox of its own. Default 16.</summary>
    [Range(1, 1000)]
    public int DevicesPerSession { get; set; } = 16;
}
