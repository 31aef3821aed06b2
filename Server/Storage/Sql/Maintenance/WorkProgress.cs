namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>The progress of a long operation.</summary>
/// <param name="What">What the operation is doing.</param>
/// <param name="Total">0 if it is not known.</param>
public readonly record struct WorkProgress(string What, long Done, long Total);
