using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Storage;

/// <summary>What is kept. Section <c>Data</c>.</summary>
public sealed class DataOptions
{
    public const string Section = "Data";

    /// <summary>The newest events kept for each room. Default 100,000.</summary>
    [Range(1, int.MaxValue)]
    public int KeepEvents { get; set; } = 100_000;
}
