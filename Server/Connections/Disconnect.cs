namespace RawSocketChat.Server.Connections;

/// <summary>
/// Why the server ends a connection. Codes below 4000 are RFC 6455's (section 7.4.1); 4000 to 4499 ask the client to
/// come back, 4500 to 4999 to stay away.
/// </summary>
/// <param name="Code">The WebSocket close code; raw TCP shows it in its last frame.</param>
/// <param name="Text">For a person; at most 123 bytes go into a close frame.</param>
/// <param name="Reconnect">Whether coming back makes sense.</param>
/// <param name="DropsQueue">What is still queued is dropped, because the peer will not read it in time.</param>
/// <param name="Announced">Whether a last frame tells the peer; not where the peer ended it or is gone.</param>
public sealed record Disconnect(ushort Code, string Text, bool Reconnect, bool DropsQueue = false, bool Announced = true)
{
    /// <summary>The peer closed in the orderly way; its own code is echoed.</summary>
    public static Disconnect ByPeer(ushort code) => new(code, "closed by the peer", Reconnect: false, Announced: false);

    /// <summary>The stream ended or was reset: nothing more can be said to this peer.</summary>
    public static readonly Disconnect Lost = new(1006, "the connection was lost", Reconnect: true, DropsQueue: true, Announced: false);

    /// <summary>The peer ended its side of a stream without framing of its own, and may still read what it asked for.</summary>
    public static readonly Disconnect EndOfInput = new(1000, "the peer ended its side", Reconnect: false, Announced: false);

    public static readonly Disconnect Binary = new(1003, "frames are text here: send JSON as a text message", Reconnect: false);

    public static readonly Disconnect Internal = new(1011, "something went wrong in the server", Reconnect: true);

    /// <summary>The client asked for the end of its session.</summary>
    public static readonly Disconnect LoggedOut = new(1000, "you have logged out", Reconnect: false);

    /// <summary>The session was logged out by another of its connections.</summary>
    public static readonly Disconnect SessionEnded = new(4501, "this session was logged out elsewhere", Reconnect: false);

    public static readonly Disconnect Draining = new(4001, "the server is going down; come back in a moment", Reconnect: true);

    public static readonly Disconnect TooSlow = new(4008, "you read too slowly; come back with your cursor", Reconnect: true, DropsQueue: true);

    /// <summary>Told to a request alone, whose place a newer one of the same session has taken; the session goes on.</summary>
    public static readonly Disconnect TakenOver = new(4009, "a newer request of the same session gets the frames now", Reconnect: true);

    public static readonly Disconnect Idle = new(4010, "nothing was heard from you for too long", Reconnect: true);

    public static readonly Disconnect TooManyErrors = new(4506, "too many bad frames", Reconnect: false, DropsQueue: true);

    public static readonly Disconnect PlaintextRefused = new(
        1008, "only this machine may connect without TLS; the operator can allow it with --Plaintext:Allowed true", Reconnect: false);

    /// <summary>A Flash policy file was asked for and given: there is nothing more to say.</summary>
    public static readonly Disconnect PolicyServed = new(1000, "the policy file was served", Reconnect: false, Announced: false);

    /// <summary>The peer speaks another protocol than this way in, and would not understand a frame.</summary>
    public static readonly Disconnect WrongProtocol = new(1002, "this port takes lines, not HTTP or TLS", Reconnect: false, Announced: false);

    /// <summary>The peer broke the framing; <paramref name="code"/> is 1002, 1007 or 1009.</summary>
    public static Disconnect Fault(ushort code, string text) => new(code, text, Reconnect: false);
}
