namespace RawSocketChat.Server.Connections;

/// <summary>What a client asked for in the request that opened the connection, before the first frame.</summary>
/// <param name="Name">The name that the client wants.</param>
/// <param name="Room">The room to join immediately.</param>
/// <param name="Session">The secret token of an earlier session.</param>
/// <param name="ServerSpeaksFirst">False on raw TCP and for <c>POST /session</c>: the handler waits for the client's first message.</param>
/// <param name="SessionIsInCookie">
/// The session belongs to the server's own page, and its token is in a cookie, which no script can read. No frame may contain the token, because a
/// script can read frames.
/// </param>
public sealed record ConnectionRequest(
    string? Name = null, string? Room = null, string? Session = null, bool ServerSpeaksFirst = true, bool SessionIsInCookie = false)
{
    internal static readonly ConnectionRequest Empty = new();
}
