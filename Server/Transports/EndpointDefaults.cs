namespace RawSocketChat.Server.Transports;

/// <summary>The limits of an endpoint that does not set its own.</summary>
internal static class EndpointDefaults
{
    /// <summary>Maximum bytes of one frame.</summary>
    public const int MaxFrameBytes = 64 * 1024;

    /// <summary>Maximum bytes that wait for a slow consumer.</summary>
    public const long OutboxBytes = 1024 * 1024;
}
