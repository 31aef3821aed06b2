namespace RawSocketChat.Protocol.Chat;

/// <summary>An uploaded file, which messages can have. Its content is at <c>/files/{id}/{name}</c>.</summary>
/// <param name="Id">The id of the file. It is a secret: the server shows it only to the uploader, and in messages with the file.</param>
/// <param name="Name">The name of the file, which is safe to show and to save.</param>
/// <param name="Type">The media type of the content, such as <c>image/png</c>. The server detects it from the content, not from the name.</param>
/// <param name="Bytes">The size of the content in bytes.</param>
/// <param name="Width">The width of an image in pixels; null if there is no preview at <c>/files/{id}/preview</c>.</param>
/// <param name="Height">The height of an image in pixels; null if <paramref name="Width"/> is null.</param>
public sealed record AttachedFile(string Id, string Name, string Type, long Bytes, int? Width = null, int? Height = null);
