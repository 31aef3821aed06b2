using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// The accounts of all addresses. They limit the load that one client can cause, even if it opens many connections as many guests. Thread-safe.
/// </summary>
public sealed class AddressAccounts(IOptions<AddressOptions> options, TimeProvider time)
{
    // This many accounts take about 20 MB. If an attacker uses more addresses than this, all new addresses share one account.
    private const int MaxAccounts = 100_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly AddressOptions _options = options.Value;
    private readonly Rate _rate = new(options.Value.PointsPerSecond, options.Value.PointBurst, time);
    private readonly Rate _guestFiles = CreateDailyRate((int)(options.Value.GuestFileBytesPerDay / 1024), time);
    private readonly Dictionary<string, AddressAccount> _byKey = [];
    private AddressAccount? _shared;
    private long _sweptAt = time.GetTimestamp();

    /// <summary>The number of addresses that have an account.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    /// <summary>Counts a new connection of an address. The caller must call <see cref="Close"/> when the connection ends.</summary>
    /// <param name="remote">The client's address and port.</param>
    /// <returns>Null if the address has too many connections or too few points.</returns>
    public AddressAccount? TryOpen(string remote)
    {
        if (!_options.IsEnabled || (!_options.ChargeLoopback && ClientAddress.IsLoopback(remote)))
            return AddressAccount.Unlimited;
        lock (_gate)
        {
            var account = GetAccount(ClientAddress.GetKey(remote));
            if (account.Connections >= _options.Connections || !account.TryCharge(Cost.Connection, out _))
                return null;
            account.Connections++;
            return account;
        }
    }

    /// <summary>Counts the end of a connection.</summary>
    public void Close(AddressAccount account)
    {
        if (account.IsUnlimited)
            return;
        lock (_gate)
            account.Connections--;
    }

    private AddressAccount GetAccount(string key)
    {
        if (_byKey.TryGetValue(key, out var account))
            return account;
        if (_byKey.Count >= MaxAccounts)
            RemoveUnused();
        if (_byKey.Count >= MaxAccounts)
            return _shared ??= CreateAccount();
        account = CreateAccount();
        _byKey.Add(key, account);
        return account;
    }

    private AddressAccount CreateAccount() => new(_rate, _options.GuestRoomsPerDay, _guestFiles);

    private static Rate CreateDailyRate(int burst, TimeProvider time) => new(burst / TimeSpan.FromDays(1).TotalSeconds, burst, time);

    private void RemoveUnused()
    {
        if (time.GetElapsedTime(_sweptAt) < SweepInterval)
            return;
        _sweptAt = time.GetTimestamp();
        foreach (var (key, account) in _byKey)
        {
            if (account.IsUnused)
                _byKey.Remove(key);
        }
    }
}
