using System.Net;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// How often a name and an address may be tried. A login that succeeds costs the name nothing, since nobody has guessed at
/// it. It costs the address one, since verifying a password is the slowest thing that anybody can ask for; so does a
/// registration, since names are given away for good.
/// </summary>
public sealed class AttemptLimits(IOptions<LimitsOptions> limits, TimeProvider time)
{
    // One more try, each so many seconds: at its limit a guesser has 2,880 tries a day at a name, and 28,800 from an address.
    private const double SecondsForName = 30;
    private const double SecondsForAddress = 3;

    // About 200 bytes each. What leaves a bucket that is not full is a password that was verified, and a core verifies some ten
    // a second: so a few hundred at a time keep their place, and there is always room for another one.
    private const int MostKeys = 20_000;

    private readonly bool _isEnabled = limits.Value.Enabled;
    private readonly RateLimits _names = new(1 / SecondsForName, limits.Value.LoginAttemptsPerName, MostKeys, time);
    private readonly RateLimits _addresses = new(1 / SecondsForAddress, limits.Value.LoginAttemptsPerAddress, MostKeys, time);

    /// <summary>Counts one attempt to log in.</summary>
    /// <param name="skeleton">Of the name that is tried.</param>
    /// <param name="remote">As <c>Connection.Remote</c> has it.</param>
    public bool TryLogin(string skeleton, string remote, out int retryAfterMs)
    {
        retryAfterMs = 0;
        if (!_isEnabled)
            return true;
        var address = KeyOf(remote);
        if (!_addresses.TryTake(address, out retryAfterMs))
            return false;
        if (_names.TryTake(skeleton, out retryAfterMs))
            return true;
        _addresses.GiveBack(address);
        return false;
    }

    /// <summary>The attempt has succeeded: it was no guess at the name.</summary>
    public void GiveBackName(string skeleton) => _names.GiveBack(skeleton);

    /// <summary>No password was verified: there was no attempt.</summary>
    public void GiveBackLogin(string skeleton, string remote)
    {
        _names.GiveBack(skeleton);
        _addresses.GiveBack(KeyOf(remote));
    }

    /// <summary>Counts one attempt to register.</summary>
    public bool TryRegister(string remote, out int retryAfterMs)
    {
        retryAfterMs = 0;
        return !_isEnabled || _addresses.TryTake(KeyOf(remote), out retryAfterMs);
    }

    /// <summary>Nothing came of the attempt, by no fault of who made it.</summary>
    public void GiveBackRegister(string remote) => _addresses.GiveBack(KeyOf(remote));

    /// <summary>
    /// Who "address and port" is, without the port: an IPv4 address, also one that is written as IPv6; of an IPv6 address the
    /// first 64 bits, since the rest is its owner's to choose.
    /// </summary>
    internal static string KeyOf(string remote)
    {
        var port = remote.LastIndexOf(':');
        var host = (port < 0 ? remote : remote[..port]).Trim('[', ']');
        if (!IPAddress.TryParse(host, out var address))
            return remote;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return Convert.ToHexStringLower(bytes.Length == 16 ? bytes.AsSpan(0, 8) : bytes);
    }
}
