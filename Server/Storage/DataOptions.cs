using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Storage;

/// <summary>What an acknowledged message survives.</summary>
public enum Durability
{
    /// <summary>The death of the machine: synced to the disk.</summary>
    Full,

    /// <summary>The death of the process: handed to the operating system.</summary>
    Process,

    /// <summary>Nothing: memory alone.</summary>
    None,
}

/// <summary>What is kept, where, and how safely. Section <c>Data</c>.</summary>
public sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>The folder of the database, made where there is none; relative to where the server was started. Default <c>data</c>.</summary>
    public string Path { get; set; } = "data";

    /// <summary>What an acknowledged message survives. Default <c>full</c>.</summary>
    public Durability Durability { get; set; } = Durability.Full;

    /// <summary>
    /// Events that are committed together at the most; more wait for the next commit. 1 gives each message a commit of its
    /// own, for comparison. Default 8,192.
    /// </summary>
    [Range(1, 1_000_000)]
    public int CommitEvents { get; set; } = 8_192;

    /// <summary>The newest events kept for each room; 0 keeps all (in memory alone: 100,000). Default 0.</summary>
    [Range(0, int.MaxValue)]
    public int KeepEvents { get; set; }

    /// <summary>Days for which events are kept; 0 keeps them for good. Looked at once a minute. Default 0.</summary>
    [Range(0, 36500)]
    public int KeepDays { get; set; }
}
