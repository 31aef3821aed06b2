using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// If the server has no guests (<see cref="AuthOptions.Guests"/>), rejects the requests of clients that have not logged in. Such a client still gets
/// a guest's session, because it logs in over a connection, and each connection has a session. Before the login the client cannot enter a room, so no
/// other user sees the guest.
/// </summary>
/// <param name="auth">The settings that say who may use the chat.</param>
/// <param name="withOidc">Whether the page offers a login with an OpenID Connect provider.</param>
internal sealed class LoginRequirement(AuthOptions auth, bool withOidc)
{
    /// <summary>Whether a user must log in before other requests.</summary>
    public bool AppliesTo(User user) => !auth.Guests && user.IsGuest;

    /// <summary>
    /// Whether a request is allowed before the login: it logs in, or concerns only the client itself.
    /// </summary>
    public static bool AllowsWithoutLogin(ClientFrameType type) => type is
        ClientFrameType.Hello or ClientFrameType.Login or ClientFrameType.Register or ClientFrameType.Logout
        or ClientFrameType.Whoami or ClientFrameType.Help or ClientFrameType.Ping;

    /// <summary>Creates the answer to a request that needs an account.</summary>
    /// <param name="isTyped">Whether a person typed the request.</param>
    public ChatError CreateError(bool isTyped) =>
        new(ErrorCode.NotAllowed, $"this server has no guests; {DescribeLogin(isTyped)}{(withOidc ? "; people without a password log in on the page" : "")}", CreateLoginHint(isTyped));

    private string DescribeLogin(bool isTyped) => (isTyped, auth.Register) switch
    {
        (true, true) => "log in with /login NAME PASSWORD, or create an account with /register NAME PASSWORD",
        (true, false) => "log in with /login NAME PASSWORD",
        (false, true) => "log in or register first",
        (false, false) => "log in first",
    };

    /// <summary>Creates the hint of an error that asks the client to log in: an example of <c>login</c>.</summary>
    public static string CreateLoginHint(bool isTyped) =>
        Hint.Create(new ClientFrame { Type = ClientFrameType.Login, Name = "ann", Password = "my long password" }, isTyped);
}
