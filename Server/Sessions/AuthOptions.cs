namespace RawSocketChat.Server.Sessions;

/// <summary>Who may use the chat. Section <c>Auth</c>.</summary>
public sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>
    /// Whether people may use the chat without an account. If false, a client without an account can only log in, register, and send the few requests
    /// that concern only the client itself, such as <c>help</c>. Default true.
    /// </summary>
    public bool Guests { get; set; } = true;

    /// <summary>Whether people may register accounts. If false, <c>register</c> gets <c>not-offered</c>. Default true.</summary>
    public bool Register { get; set; } = true;
}
