namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>How far a long work has come.</summary>
/// <param name="What">What is being done.</param>
/// <param name="Total">0 where it is not known.</param>
public readonly record struct Advance(string What, long Done, long Total);
