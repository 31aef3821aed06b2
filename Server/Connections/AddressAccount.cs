namespace RawSocketChat.Server.Connections;

/// <summary>
/// The points that the clients of one address have left. All connections of the address share the account. Safe from any thread.
/// </summary>
public sealed class AddressAccount
{
    /// <summary>The account of connections that cost nothing.</summary>
    public static readonly AddressAccount Unlimited = new(null);

    private readonly RateLimit? _points;

    /// <param name="rate">The points that the address gets; null for no limit.</param>
    internal AddressAccount(Rate? rate) => _points = rate is null ? null : new RateLimit(rate);

    /// <summary>The open connections of the address. The lock of <see cref="AddressAccounts"/> guards this property.</summary>
    internal int Connections { get; set; }

    internal bool IsUnlimited => _points is null;

    /// <summary>Whether the account may be removed: a new account would have as many points.</summary>
    internal bool IsUnused => Connections == 0 && (_points is null || _points.TimeUntilFull == TimeSpan.Zero);

    /// <summary>Takes points. Returns false, and takes none, if too few are left.</summary>
    /// <param name="points">The price of a request, from <see cref="Cost"/>.</param>
    /// <param name="retryAfterMs">Milliseconds until there are enough points, if the result is false; otherwise 0.</param>
    public bool TryCharge(int points, out int retryAfterMs)
    {
        retryAfterMs = 0;
        return _points is null || _points.TryTake(points, out retryAfterMs);
    }

    /// <summary>Takes points, even if fewer are left, for a cost that is known only afterwards. Later requests then have to wait.</summary>
    public void Charge(int points) => _points?.Overdraw(points);
}
