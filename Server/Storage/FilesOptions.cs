using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Storage;

/// <summary>Which files the server takes, and how many. Section <c>Files</c>.</summary>
public sealed class FilesOptions
{
    public const string Section = "Files";

    /// <summary>
    /// Whether users can upload files. If this is false, an upload gets <c>not-offered</c>. The files of earlier messages can still be read.
    /// Default true.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Maximum size of a file in bytes. Default 20 MiB.</summary>
    [Range(1024, 100_000_000_000)]
    public long MaxBytes { get; set; } = 20 * 1024 * 1024;

    /// <summary>Maximum number of files of one message. Default 10.</summary>
    [Range(1, 100)]
    public int PerMessage { get; set; } = 10;

    /// <summary>Bytes that the files of one account may have together. Default 1 GiB.</summary>
    [Range(1024, 1_000_000_000_000_000)]
    public long UserQuotaBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Maximum number of files of one account. Default 10,000.</summary>
    [Range(1, 10_000_000)]
    public int UserQuotaFiles { get; set; } = 10_000;

    /// <summary>Bytes that the files of one guest may have together. Default 100 MiB.</summary>
    [Range(0, 1_000_000_000_000_000)]
    public long GuestQuotaBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Maximum number of files of one guest. With 0, only users with an account can upload files. Default 100.</summary>
    [Range(0, 10_000_000)]
    public int GuestQuotaFiles { get; set; } = 100;

    /// <summary>
    /// Bytes that the contents of all files may have together, without the previews. A content that several files have counts once. Default 10 GiB.
    /// </summary>
    [Range(1024, 1_000_000_000_000_000)]
    public long TotalBytes { get; set; } = 10L * 1024 * 1024 * 1024;

    /// <summary>
    /// Guests can upload files only while the contents of all files together take at most this percentage of <see cref="TotalBytes"/>. The rest is
    /// for accounts, because anybody can become many guests. Default 75.
    /// </summary>
    [Range(0, 100)]
    public int GuestTotalPercent { get; set; } = 75;

    /// <summary>
    /// Hours after which the server removes an uploaded file that was never in a message. Default 24.
    /// </summary>
    [Range(1, 8760)]
    public int UnusedHours { get; set; } = 24;

    /// <summary>
    /// Number of uploads that the server receives at the same time. The other uploads wait: the server does not read them. Default 64.
    /// </summary>
    [Range(1, 10_000)]
    public int Uploads { get; set; } = 64;

    /// <summary>Number of uploads of one address that the server receives at the same time. The others wait. Default 16.</summary>
    [Range(1, 10_000)]
    public int UploadsPerAddress { get; set; } = 16;

    /// <summary>
    /// Maximum number of uploads that wait. At most half of them may be uploads of one address. The server rejects further uploads as
    /// <c>rate-limited</c>. Default 4,000.
    /// </summary>
    [Range(2, 100_000)]
    public int WaitingUploads { get; set; } = 4_000;

    /// <summary>
    /// Minimum average rate of an upload in bytes per second. The client may take 30 seconds more than this rate allows. The server ends a
    /// slower upload, because other uploads must wait for it. Default 8,192.
    /// </summary>
    [Range(1, 1_000_000_000)]
    public int MinBytesPerSecond { get; set; } = 8_192;
}
