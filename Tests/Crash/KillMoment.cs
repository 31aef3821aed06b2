namespace RawSocketChat.Tests.Crash;

/// <summary>What the server is doing when it is killed.</summary>
internal enum KillMoment
{
    /// <summary>It stores what everybody says.</summary>
    Talk,

    /// <summary>The same; then it is silent for a moment, and the server begins to put the journal's events into blocks and their ids into runs.</summary>
    Settling,

    /// <summary>It copies the WAL into the database.</summary>
    Checkpoint,

    /// <summary>Everybody comes back from the kill before, and joins.</summary>
    Rejoining,

    /// <summary>It brings those who were away to the present.</summary>
    CatchUp,

    /// <summary>It starts, and has the database in hand; nobody can connect yet.</summary>
    Start,
}
