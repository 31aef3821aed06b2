namespace RawSocketChat.Server.Storage;

/// <summary>The storage cannot store or read at the moment: a full disk, say. Nothing of what was asked for has happened.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
