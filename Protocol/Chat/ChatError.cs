namespace RawSocketChat.Protocol.Chat;

/// <summary>Why a client frame was not obeyed. The connection stays open.</summary>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Text">One sentence for a person, without a full stop.</param>
/// <param name="Hint">One whole line that would have worked, as a command or as JSON; null where no line would. See <see cref="Chat.Hint"/>.</param>
/// <param name="RetryAfterMs">Milliseconds after which the same frame may be obeyed; null where waiting does not help.</param>
public sealed record ChatError(string Code, string Text, string? Hint = null, int? RetryAfterMs = null);
