using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The database's shape, as the steps that led to it: each runs once, in order, in a transaction of its own. A step that
/// was released is never changed; another one is added.
/// </summary>
internal static class Migrations
{
    // 1: An event is first written to the journal, in the order of its coming, so that a commit touches few pages however
    //    many rooms and authors it speaks of. Later it settles, with many others and in order, in its place among the events
    //    of its room (id = room << 40 | seq) and in what finds it by its client id. See Journal.
    private const string Beginning = """
        CREATE TABLE rooms (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            key TEXT NOT NULL UNIQUE,          -- the name without regard to case
            topic TEXT NOT NULL,
            owner TEXT,
            private INTEGER NOT NULL,
            epoch TEXT NOT NULL,
            first INTEGER NOT NULL DEFAULT 1   -- the oldest seq that is kept
        ) STRICT;
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            room INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            at INTEGER NOT NULL,               -- milliseconds since 1970, UTC
            kind INTEGER NOT NULL,
            author TEXT NOT NULL,
            author_name TEXT NOT NULL,
            body TEXT NOT NULL,
            reply INTEGER,
            me INTEGER NOT NULL,
            client_id TEXT,
            hash INTEGER                       -- of author and client id
        ) STRICT;
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,            -- room << 40 | seq
            at INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            author TEXT NOT NULL,
            author_name TEXT NOT NULL,
            body TEXT NOT NULL,
            reply INTEGER,
            me INTEGER NOT NULL,
            client_id TEXT
        ) STRICT;
        CREATE TABLE client_ids (
            hash INTEGER NOT NULL,             -- of author and client id; the event itself tells whether it is the one
            event INTEGER NOT NULL,
            PRIMARY KEY (hash, event)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE accounts (
            user TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            skeleton TEXT NOT NULL UNIQUE,
            password_hash TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sessions (
            token_hash TEXT PRIMARY KEY,
            user TEXT NOT NULL,
            name TEXT NOT NULL,
            guest INTEGER NOT NULL,
            away_since INTEGER                 -- null while it is connected
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sessions_away ON sessions (guest, away_since);
        CREATE TABLE members (
            user TEXT NOT NULL,
            room INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (user, room)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE read_marks (
            user TEXT NOT NULL,
            room INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (user, room)
        ) STRICT, WITHOUT ROWID;
        """;

    // 2: What an account has of sessions is counted at each login. Guests, who are most, are left out.
    private const string SessionsOfAccounts = "CREATE INDEX sessions_of_account ON sessions (user, away_since) WHERE guest = 0;";

    // 3: Events stand in blocks, the journal has a row for each commit, and client ids are in runs. What is there is brought over by Conversion, which takes
    //    the old tables away at its end.
    private const string InBlocks = """
        ALTER TABLE journal RENAME TO old_journal;
        ALTER TABLE events RENAME TO old_events;
        ALTER TABLE client_ids RENAME TO old_client_ids;
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            checksum INTEGER NOT NULL,         -- CRC-32C of events
            events BLOB NOT NULL               -- of one commit, of whatever rooms; see Journal
        ) STRICT;
        CREATE TABLE blocks (
            id INTEGER PRIMARY KEY,            -- room << 40 | seq of its first event
            count INTEGER NOT NULL,            -- of its events, whose seqs follow one another
            at INTEGER NOT NULL,               -- when the newest was accepted: milliseconds since 1970, UTC
            checksum INTEGER NOT NULL,         -- CRC-32C of events
            events BLOB NOT NULL               -- see EncodedEvent
        ) STRICT;
        CREATE TABLE id_key (key BLOB NOT NULL) STRICT;
        INSERT INTO id_key VALUES (randomblob(16)); -- nobody else's, so that nobody can choose hashes
        CREATE TABLE id_runs (
            id INTEGER PRIMARY KEY,            -- its rows below that are of no run here are leftovers
            level INTEGER NOT NULL,            -- 0: as it settled; above: how often it was merged
            ids INTEGER NOT NULL               -- how many it has
        ) STRICT;
        CREATE TABLE id_chunks (
            id INTEGER PRIMARY KEY,            -- run << 40 | the upper 40 bits of the first hash
            ids BLOB NOT NULL                  -- hash of author and client id (16) and event (8: room << 40 | seq), in order
        ) STRICT;
        CREATE TABLE id_filters (
            id INTEGER PRIMARY KEY,            -- run << 16 | part
            bits BLOB NOT NULL                 -- see IdFilter
        ) STRICT;
        """;

    private static readonly string[] Steps = [Beginning, SessionsOfAccounts, InBlocks];

    /// <summary>The version that this program writes.</summary>
    public static int Newest => Steps.Length;

    /// <summary>Brings the database to <see cref="Newest"/>.</summary>
    /// <exception cref="StorageException">It is of a newer program.</exception>
    public static void Run(sqlite3 database) => Run(database, Newest);

    /// <summary>Brings it to a version that may be an older one.</summary>
    internal static void Run(sqlite3 database, int to)
    {
        for (var version = CheckVersion(database); version < to; version++)
            Execute(database, $"BEGIN IMMEDIATE; {Steps[version]} PRAGMA user_version = {version + 1}; COMMIT");
    }

    /// <exception cref="StorageException">It is of a newer program.</exception>
    public static int CheckVersion(sqlite3 database)
    {
        using var read = new Statement(database, "PRAGMA user_version");
        read.Step();
        var version = (int)read.Number(0);
        return version <= Newest
            ? version
            : throw new StorageException($"the database was written by a newer version of the server (its format is {version}, this one knows up to {Newest}); run that version");
    }

    private static void Execute(sqlite3 database, string sql)
    {
        var code = raw.sqlite3_exec(database, sql);
        if (code == raw.SQLITE_OK)
            return;
        var fault = SqliteFault.Of(database, code);
        raw.sqlite3_exec(database, "ROLLBACK");
        throw fault;
    }
}
