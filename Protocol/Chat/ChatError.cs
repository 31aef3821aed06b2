namespace RawSocketChat.Protocol.Chat;

/// <summary>The reason why the server rejected a client frame. The connection stays open.</summary>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Text">One sentence for a person, without a full stop.</param>
/// <param name="Hint">One complete line that would have worked, as a command or as JSON; null if there is none. See <see cref="Chat.Hint"/>.</param>
/// <param name="RetryAfterMs">Milliseconds after which the same frame may succeed; null if waiting does not help.</param>
public sealed record ChatError(string Code, string Text, string? Hint = null, int? RetryAfterMs = null);
