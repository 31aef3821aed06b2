namespace RawSocketChat.Server.Files.Images;

/// <summary>An image does not follow the specification of its format.</summary>
internal sealed class ImageFormatException(string message) : Exception(message);
