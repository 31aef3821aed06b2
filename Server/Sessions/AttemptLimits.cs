using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Limits attempts to log in, to change a password and to register. A change of the password counts as a login. Attempts to log in count for the
/// client's address, and for the name together with the address. So nobody can lock the owner out of an account. If all addresses together have too
/// many attempts for one name, each further login with this name is slow. A successful login does not count for the name, because it was not a guess.
/// But it counts for the address, because verifying a password costs more time than any other request. A registration counts for the address, because
/// a registered name stays taken until an operator removes the account (<c>remove-account</c>).
/// </summary>
public sealed class AttemptLimits(IOptions<LimitsOptions> limits, TimeProvider time)
{
    // The time until one more attempt is allowed. After the first burst, an attacker with one address can make 2,880 attempts a day for one name,
    // 28,800 for all names, and 288 registrations.
    private const double SecondsPerNameAttempt = 30;
    private const double SecondsPerAddressAttempt = 3;
    private const double SecondsPerRegistration = 300;

    // The maximum number of entries of each kind. Each entry takes about 200 bytes. If the table is full, a new entry replaces an entry that has all
    // its attempts. If there is no such entry, the attempt is rejected. In practice there always is one: an entry loses an attempt when the server
    // verifies or hashes a password, and a core does this only about ten times a second. So at most a few thousand entries lack an attempt at the
    // same time. The entry of an address also loses an attempt when the server rejects a token, but this fills the table only if rejected tokens come
    // from 20,000 addresses at the same time.
    private const int MaxKeys = 20_000;

    /// <summary>The delay of a login or of a password change, if its name has had too many attempts.</summary>
    public static readonly TimeSpan SlowNameDelay = TimeSpan.FromSeconds(3);

    private readonly bool _isEnabled = limits.Value.Enabled;

    // The key is the name and the address.
    private readonly RateLimits _names = new(1 / SecondsPerNameAttempt, limits.Value.LoginAttemptsPerName, MaxKeys, time);
    private readonly RateLimits _slowNames = new(1 / SecondsPerNameAttempt, limits.Value.LoginAttemptsPerName, MaxKeys, time);
    private readonly RateLimits _addresses = new(1 / SecondsPerAddressAttempt, limits.Value.LoginAttemptsPerAddress, MaxKeys, time);
    private readonly RateLimits _registrations = new(1 / SecondsPerRegistration, limits.Value.RegistrationsPerAddress, MaxKeys, time);

    /// <summary>Counts one attempt to log in. Returns false if the address has no attempt left, or none for this name.</summary>
    /// <param name="skeleton">The skeleton of the name.</param>
    /// <param name="remote">The client's address and port, as in <c>Connection.Remote</c>.</param>
    public bool TryTakeLogin(string skeleton, string remote, out int retryAfterMs)
    {
        retryAfterMs = 0;
        if (!_isEnabled)
            return true;
        var address = ClientAddress.GetKey(remote);
        if (!_addresses.TryTake(address, out retryAfterMs))
            return false;
        if (_names.TryTake(GetNameKey(skeleton, address), out retryAfterMs))
            return true;
        _addresses.GiveBack(address);
        return false;
    }

    /// <summary>Counts an attempt for the name over all addresses. Returns true if there were too many. The login must then wait.</summary>
    public bool CountAndCheckSlow(string skeleton) => _isEnabled && !_slowNames.TryTake(skeleton, out _);

    /// <summary>Gives the attempt back to the name. Call this after a successful login.</summary>
    public void GiveBackName(string skeleton, string remote)
    {
        _names.GiveBack(GetNameKey(skeleton, ClientAddress.GetKey(remote)));
        _slowNames.GiveBack(skeleton);
    }

    /// <summary>Gives the attempt back to the name and the address. Call this if the server could not verify the password.</summary>
    public void GiveBackLogin(string skeleton, string remote)
    {
        GiveBackName(skeleton, remote);
        _addresses.GiveBack(ClientAddress.GetKey(remote));
    }

    /// <summary>Counts one attempt to log in with a token of the operator's own site. Returns false if the address has no attempt left.</summary>
    /// <param name="remote">The client's address and port, as in <c>Connection.Remote</c>.</param>
    public bool TryTakeToken(string remote, out int retryAfterMs)
    {
        retryAfterMs = 0;
        return !_isEnabled || _addresses.TryTake(ClientAddress.GetKey(remote), out retryAfterMs);
    }

    /// <summary>Gives the attempt back to the address. Call this if the token was valid, or if the server could not verify the token.</summary>
    public void GiveBackToken(string remote) => _addresses.GiveBack(ClientAddress.GetKey(remote));

    /// <summary>Counts one attempt to register. Returns false if the address has no attempt left.</summary>
    public bool TryTakeRegistration(string remote, out int retryAfterMs)
    {
        retryAfterMs = 0;
        if (!_isEnabled)
            return true;
        var address = ClientAddress.GetKey(remote);
        if (!_addresses.TryTake(address, out retryAfterMs))
            return false;
        if (_registrations.TryTake(address, out retryAfterMs))
            return true;
        _addresses.GiveBack(address);
        return false;
    }

    /// <summary>
    /// Gives the attempt back to the address. Call this if the name was not available, or if the server could not register the name.
    /// </summary>
    public void GiveBackRegistration(string remote)
    {
        var address = ClientAddress.GetKey(remote);
        _addresses.GiveBack(address);
        _registrations.GiveBack(address);
    }

    private static string GetNameKey(string skeleton, string address) => $"{address} {skeleton}";
}
