using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Files;

/// <summary>An upload that the server rejects.</summary>
/// <param name="error">The answer to the client.</param>
/// <param name="status">The HTTP status of the answer; null for the usual status of the error's code.</param>
internal sealed class UploadException(ChatError error, int? status = null) : Exception(error.Text)
{
    public ChatError Error => error;

    public int? Status => status;
}
