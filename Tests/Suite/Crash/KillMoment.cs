namespace RawSocketChat.Tests.Crash;

/// <summary>What the server does when it is killed.</summary>
internal enum KillMoment
{
    /// <summary>The server stores messages.</summary>
    Chat,

    /// <summary>The server copies the WAL into the database.</summary>
    Checkpoint,

    /// <summary>All clients reconnect after the previous kill, and join their rooms.</summary>
    Rejoining,

    /// <summary>The server sends missed events to clients that were away.</summary>
    CatchUp,

    /// <summary>The server is starting: it opens the database, and does not listen yet.</summary>
    Start,

    /// <summary>The server stores messages. It is suspended, then PostgreSQL is killed, and then the server.</summary>
    Database,
}

internal static class KillMoments
{
    public static readonly IReadOnlyList<KillMoment> OfSqlite = [KillMoment.Chat, KillMoment.Checkpoint, KillMoment.Rejoining, KillMoment.CatchUp, KillMoment.Start];

    public static readonly IReadOnlyList<KillMoment> OfPostgres = [KillMoment.Chat, KillMoment.Rejoining, KillMoment.CatchUp, KillMoment.Database, KillMoment.Database];
}
