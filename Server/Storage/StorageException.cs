namespace RawSocketChat.Server.Storage;

/// <summary>The storage cannot store or read at the moment: a full disk, say. Nothing of what was asked for has happened.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What is stored cannot be read any more: waiting does not help, a backup does.</summary>
    public bool IsDamage { get; init; }
}
