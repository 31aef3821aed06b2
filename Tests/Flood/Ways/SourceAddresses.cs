using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>
/// Addresses of this machine that connections come from, in turn: each has some 28,000 ports of its own, where one address alone
/// has no more in all. <c>127.0.0.2-127.0.0.20</c>, or a list with commas.
/// </summary>
public sealed class SourceAddresses
{
    private const int Most = 1000;
    private readonly IReadOnlyList<IPAddress> _addresses;
    private int _next = -1;

    private SourceAddresses(IReadOnlyList<IPAddress> addresses) => _addresses = addresses;

    /// <summary>Whatever the system takes.</summary>
    public static SourceAddresses Any => new([]);

    public int Count => _addresses.Count;

    internal IPAddress? Next() =>
        _addresses.Count == 0 ? null : _addresses[(int)((uint)Interlocked.Increment(ref _next) % (uint)_addresses.Count)];

    /// <summary>Reads one address, a range of IPv4 addresses, or a list of them.</summary>
    public static bool TryParse(string text, out SourceAddresses addresses, out string? problem)
    {
        var found = new List<IPAddress>();
        problem = null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !IPAddress.TryParse(ends[0], out var first) || !IPAddress.TryParse(ends[^1], out var last))
                problem = $"--source-addresses are such as 127.0.0.2-127.0.0.20 (it is {text})";
            else if (ends.Length == 1)
                found.Add(first);
            else if (first.AddressFamily != AddressFamily.InterNetwork || last.AddressFamily != AddressFamily.InterNetwork || Number(last) < Number(first) || Number(last) - Number(first) >= Most)
                problem = $"--source-addresses: a range is of IPv4, from the lower to the higher, {Most} at most (it is {part})";
            else
                for (var number = Number(first); number <= Number(last); number++) found.Add(Address(number));
        }
        addresses = new SourceAddresses(found);
        return problem is null;
    }

    private static long Number(IPAddress address) => BitConverter.ToUInt32([.. address.GetAddressBytes().Reverse()]);

    private static IPAddress Address(long number) => new([.. BitConverter.GetBytes((uint)number).Reverse()]);
}
