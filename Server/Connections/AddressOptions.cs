using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The limits for all clients of one address together. Requests and connections cost points; <see cref="Cost"/> lists the prices. Section
/// <c>Addresses</c>.
/// </summary>
public sealed class AddressOptions
{
    public const string Section = "Addresses";

    /// <summary>False turns the accounts off. The server sets it from <c>Limits:Enabled</c>.</summary>
    internal bool IsEnabled { get; set; } = true;

    /// <summary>Points that one address gets per second. Default 100.</summary>
    [Range(1, 1_000_000)]
    public int PointsPerSecond { get; set; } = 100;

    /// <summary>Maximum number of points that one address can have. Unused points add up to this number. Default 6,000.</summary>
    [Range(100, 100_000_000)]
    public int PointBurst { get; set; } = 6_000;

    /// <summary>Connections that one address may have at the same time, on all transports together. Default 1,000.</summary>
    [Range(1, 10_000_000)]
    public int Connections { get; set; } = 1_000;

    /// <summary>Rooms that the guests of one address may create in 24 hours, direct rooms included. Accounts have no such limit. Default 50.</summary>
    [Range(0, 1_000_000)]
    public int GuestRoomsPerDay { get; set; } = 50;

    /// <summary>
    /// Bytes of files that all guests of one address together may store in one burst. Used bytes become available again at a constant rate, all of
    /// them within 24 hours. Accounts have no such limit. Default 500 MiB.
    /// </summary>
    [Range(1024, 1_000_000_000_000)]
    public long GuestFileBytesPerDay { get; set; } = 500 * 1024 * 1024;

    /// <summary>
    /// Whether clients on the server's own machine cost points like the clients of any other address. By default they cost nothing, because the
    /// clients of a local proxy that <c>Proxies:Trusted</c> does not name would share the points of one address.
    /// </summary>
    public bool ChargeLoopback { get; set; }
}
