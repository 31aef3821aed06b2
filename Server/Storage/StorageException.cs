namespace RawSocketChat.Server.Storage;

/// <summary>The storage cannot store or read data, for example because the disk is full. The failed call has
/// changed nothing, unless the connection to PostgreSQL broke during a commit.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True if stored data is damaged. In that case a retry does not help, and the operator must restore a backup.</summary>
    public bool IsDamage { get; init; }

    /// <summary>The name of the setting in the section <c>Data</c> that the operator may have to change.</summary>
    public string Setting { get; init; } = nameof(DataOptions.Path);
}
