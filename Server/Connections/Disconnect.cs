namespace RawSocketChat.Server.Connections;

/// <summary>
/// The reason why the server closes a connection. Codes below 4000 are those of RFC 6455 (section 7.4.1). With a code from 4000 to 4499 the
/// client should reconnect. With a code from 4500 to 4999 the client should not reconnect.
/// </summary>
/// <param name="Code">The WebSocket close code. The other transports send this code only in the <c>bye</c> frame.</param>
/// <param name="Text">The reason as a text for people. A WebSocket close frame can contain at most 123 bytes of this text.</param>
/// <param name="Reconnect">Whether the client should reconnect.</param>
/// <param name="DropsQueue">Whether the queued frames are dropped instead of sent.</param>
/// <param name="SendsCloseMessage">
/// Whether the server sends a <c>bye</c> frame. False if the peer has ended the connection, or would not understand the frame.
/// </param>
public sealed record Disconnect(ushort Code, string Text, bool Reconnect, bool DropsQueue = false, bool SendsCloseMessage = true)
{
    /// <summary>The peer sent a close frame; the server echoes its code.</summary>
    public static Disconnect ClosedByPeer(ushort code) => new(code, "closed by the peer", Reconnect: false, SendsCloseMessage: false);

    /// <summary>The stream ended or was reset, so nothing more can be sent.</summary>
    public static readonly Disconnect Lost = new(1006, "the connection was lost", Reconnect: true, DropsQueue: true, SendsCloseMessage: false);

    /// <summary>The peer shut down its sending side, on a transport without a close frame. The peer may still read answers.</summary>
    public static readonly Disconnect EndOfInput = new(1000, "the peer shut down its sending side", Reconnect: false, SendsCloseMessage: false);

    public static readonly Disconnect Binary = new(1003, "send JSON as a text message, not as a binary message", Reconnect: false);

    public static readonly Disconnect Internal = new(1011, "the server failed", Reconnect: true);

    /// <summary>The client logged out over this connection.</summary>
    public static readonly Disconnect LoggedOut = new(1000, "you have logged out", Reconnect: false);

    /// <summary>The session has ended, but not by a logout over this connection.</summary>
    public static readonly Disconnect SessionEnded = new(4501, "another of your connections has ended this session", Reconnect: false);

    public static readonly Disconnect Draining = new(4001, "the server is shutting down; reconnect in a moment", Reconnect: true);

    public static readonly Disconnect TooSlow = new(4008, "you read too slowly; reconnect with your cursor", Reconnect: true, DropsQueue: true);

    /// <summary>
    /// A newer request for frames has replaced an older request of the same session. Only the older request ends with this reason. The
    /// session continues.
    /// </summary>
    public static readonly Disconnect TakenOver = new(4009, "a newer request of the same session now receives the frames", Reconnect: true);

    public static readonly Disconnect Idle = new(4010, "the server received nothing from you for too long", Reconnect: true);

    /// <summary>The clients of the peer's address have used up their points (<see cref="AddressOptions"/>), or have too many connections.</summary>
    public static readonly Disconnect AddressLimit = new(4011, "too many requests or connections from your address; try again in a moment", Reconnect: true);

    public static readonly Disconnect Kicked = new(4503, "a moderator has removed you from the room", Reconnect: false);

    /// <summary>The client has sent too many frames that the server rejected.</summary>
    public static readonly Disconnect TooManyErrors = new(4506, "too many rejected frames", Reconnect: false, DropsQueue: true);

    public static readonly Disconnect PlaintextRefused = new(
        1008, "only this machine may connect without TLS; the operator can allow it with --Plaintext:Allowed true", Reconnect: false);

    /// <summary>The peer asked for a Flash policy file and received the file.</summary>
    public static readonly Disconnect PolicyServed = new(1000, "the policy file was served", Reconnect: false, SendsCloseMessage: false);

    /// <summary>The peer uses another protocol than this transport, so the peer would not understand a close message.</summary>
    public static readonly Disconnect WrongProtocol = new(1002, "this port accepts lines of chat, not another protocol", Reconnect: false, SendsCloseMessage: false);

    /// <summary>The peer violated the WebSocket protocol; <paramref name="code"/> is 1002, 1007 or 1009.</summary>
    public static Disconnect ProtocolError(ushort code, string text) => new(code, text, Reconnect: false);
}
