using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Storage;

/// <summary>Which failures an acknowledged message survives.</summary>
public enum Durability
{
    /// <summary>The message survives a power failure: it is synced to the disk.</summary>
    Full,

    /// <summary>The message survives a crash of the process, but not a power failure: it is written to the operating system.</summary>
    Process,

    /// <summary>The message survives no failure and no restart: it is in memory only.</summary>
    None,
}

/// <summary>Where data is stored, how durably, and for how long. Section <c>Data</c>.</summary>
public sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>The data folder, relative to the working directory. The server creates the folder. Default <c>data</c>.</summary>
    [Required]
    public string Path { get; set; } = "data";

    /// <summary>
    /// The connection string of a PostgreSQL database, which then stores everything except the files that users upload. If this is null, the server
    /// uses a SQLite database in the data folder. Default null.
    /// </summary>
    public string? Postgres { get; set; }

    /// <summary>
    /// Whether several servers may use the same PostgreSQL database, and so serve one chat together. All these servers need the same value. Default false.
    /// </summary>
    public bool Nodes { get; set; }

    /// <summary>Which failures an acknowledged message survives. Default <c>full</c>.</summary>
    public Durability Durability { get; set; } = Durability.Full;

    /// <summary>
    /// If a commit has this many events, the other batches of events wait for the next commit. The batch of one room is never split. With 1, each
    /// batch has its own commit; this value is for measurements only. Default 8,192.
    /// </summary>
    [Range(1, 1_000_000)]
    public int CommitEvents { get; set; } = 8_192;

    /// <summary>
    /// Number of newest events that each room keeps. 0 keeps all events, or the newest 100,000 with <see cref="Durability.None"/>. Default 0.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int KeepEvents { get; set; }

    /// <summary>
    /// Age in days at which events are deleted. 0 keeps events forever. The server checks the age once a minute. Has no
    /// effect with <see cref="Durability.None"/>. Default 0.
    /// </summary>
    [Range(0, 36500)]
    public int KeepDays { get; set; }

    /// <summary>
    /// Maximum size of the database in bytes, without the write-ahead log. When the size reaches 95% of this maximum, the server removes
    /// the oldest events of the largest rooms. 0 is no limit. Default 0.
    /// </summary>
    [Range(0, 100_000_000_000_000)]
    public long MaxBytes { get; set; }

    /// <summary>
    /// Time in days for which the server remembers the ids of messages. A message that is sent again within this time is not stored again.
    /// Default 7.
    /// </summary>
    [Range(1, 3650)]
    public int ClientIdDays { get; set; } = 7;

    /// <summary>
    /// Whether users can search messages. If this is false, the server does not index new messages, so a later search will not find them. Then the
    /// server needs less space and time for each message. Default true.
    /// </summary>
    public bool Search { get; set; } = true;

    /// <summary>
    /// Maximum size of the write-ahead log in MiB. The log grows beyond its usual 64 MiB only while another program reads the database in one
    /// long transaction. At the maximum the server rejects messages as unavailable until that program ends. Default 1,024.
    /// </summary>
    [Range(1, 1_048_576)]
    public int MaxWalMegabytes { get; set; } = 1_024;
}
