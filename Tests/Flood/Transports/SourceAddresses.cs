using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>
/// The local addresses that the connections use in turn. With one address, the tool can open about 28,000 connections to one server,
/// because each connection needs its own port. More addresses allow more connections. The text form is a range such as
/// <c>127.0.0.2-127.0.0.20</c>, or a list with commas.
/// </summary>
public sealed class SourceAddresses
{
    private const int MaxRangeSize = 1000;
    private readonly IReadOnlyList<IPAddress> _addresses;
    private int _next = -1;

    private SourceAddresses(IReadOnlyList<IPAddress> addresses) => _addresses = addresses;

    /// <summary>No address: the system chooses.</summary>
    public static SourceAddresses Any => new([]);

    public int Count => _addresses.Count;

    internal IPAddress? Next() =>
        _addresses.Count == 0 ? null : _addresses[(int)((uint)Interlocked.Increment(ref _next) % (uint)_addresses.Count)];

    /// <summary>Parses a list with commas. Each element is an address or a range of IPv4 addresses.</summary>
    public static bool TryParse(string text, out SourceAddresses addresses, out string? problem)
    {
        var found = new List<IPAddress>();
        problem = null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !IPAddress.TryParse(ends[0], out var first) || !IPAddress.TryParse(ends[^1], out var last))
                problem = $"--source-addresses must be addresses such as 127.0.0.2-127.0.0.20 (it is {text})";
            else if (ends.Length == 1)
                found.Add(first);
            else if (first.AddressFamily != AddressFamily.InterNetwork || last.AddressFamily != AddressFamily.InterNetwork || ToNumber(last) < ToNumber(first) || ToNumber(last) - ToNumber(first) >= MaxRangeSize)
                problem = $"--source-addresses: a range must be IPv4, from the lower to the higher address, and have at most {MaxRangeSize} addresses (it is {part})";
            else
                for (var number = ToNumber(first); number <= ToNumber(last); number++) found.Add(FromNumber(number));
        }
        addresses = new SourceAddresses(found);
        return problem is null;
    }

    private static long ToNumber(IPAddress address) => BitConverter.ToUInt32([.. address.GetAddressBytes().Reverse()]);

    private static IPAddress FromNumber(long number) => new([.. BitConverter.GetBytes((uint)number).Reverse()]);
}
