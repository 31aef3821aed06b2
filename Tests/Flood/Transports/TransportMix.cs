using System.Globalization;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>The percentage of connections that use each transport. The text form is <c>ws</c> or <c>ws:80,sse:20</c>.</summary>
public sealed class TransportMix
{
    private static readonly Dictionary<string, Transport> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ws"] = Transport.WebSocket,
        ["ws-deflate"] = Transport.WebSocketDeflate,
        ["ws-h2"] = Transport.WebSocketHttp2,
        ["tcp"] = Transport.RawTcp,
        ["poll"] = Transport.Poll,
        ["longpoll"] = Transport.LongPoll,
        ["sse"] = Transport.Sse,
        ["stream"] = Transport.Stream,
        ["iframe"] = Transport.IFrame,
    };

    private readonly IReadOnlyList<(Transport Transport, double Percent)> _parts;

    private TransportMix(IReadOnlyList<(Transport, double)> parts) => _parts = parts;

    /// <summary>The names of all transports, as <c>--transport</c> accepts them.</summary>
    public static IReadOnlyCollection<string> AllNames => ByName.Keys;

    /// <summary>WebSocket for all connections.</summary>
    public static TransportMix Default { get; } = new([(Transport.WebSocket, 100)]);

    /// <summary>Parses a transport or a mix. Without percentages all transports have the same share.</summary>
    /// <param name="text">The text, as given on the command line.</param>
    /// <param name="mix">The parsed mix.</param>
    /// <param name="problem">The error in one line, or null.</param>
    public static bool TryParse(string text, out TransportMix mix, out string? problem)
    {
        (mix, problem) = (Default, null);
        var given = text.Split(',', StringSplitOptions.TrimEntries).Select(part => part.Split(':')).ToList();
        var even = given.TrueForAll(part => part.Length == 1);
        var parts = new List<(Transport, double)>();
        foreach (var part in given)
        {
            var percent = 100.0 / given.Count;
            if (!ByName.TryGetValue(part[0], out var transport))
                problem = $"there is no transport \"{part[0]}\"; the transports are {string.Join(", ", AllNames)}";
            else if (parts.Exists(other => other.Item1 == transport))
                problem = $"{part[0]} is given twice";
            else if (!even && (part.Length != 2 || !double.TryParse(part[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out percent) || percent <= 0))
                problem = $"\"{string.Join(':', part)}\" needs its percentage, as in ws:80,sse:20";
            parts.Add((transport, percent));
        }
        var sum = parts.Sum(part => part.Item2);
        if (problem is null && Math.Abs(sum - 100) > 0.01)
            problem = string.Create(CultureInfo.InvariantCulture, $"the sum of the percentages is {sum}, not 100");
        if (problem is null) mix = new TransportMix(parts);
        else problem = $"--transport: {problem}";
        return problem is null;
    }

    internal bool Contains(Transport transport) => _parts.Any(part => part.Transport == transport);

    /// <summary>
    /// Whether every transport is a socket. On a socket, the server sends frames without a request, and all frames arrive before the
    /// connection ends.
    /// </summary>
    internal bool HasOnlySockets => !_parts.Any(part => part.Transport.UsesHttpRequests());

    /// <summary>
    /// Assigns a transport to each connection. Each connection gets the transport whose share is furthest below its percentage so far. So
    /// every group of consecutive connections has nearly the same percentages.
    /// </summary>
    internal IReadOnlyList<Transport> Assign(int connections)
    {
        var assigned = new double[_parts.Count];
        var transports = new Transport[connections];
        for (var i = 0; i < connections; i++)
        {
            var next = 0;
            for (var part = 1; part < _parts.Count; part++)
                if (Behind(part, i) > Behind(next, i) + 1e-9) next = part;
            assigned[next]++;
            transports[i] = _parts[next].Transport;
        }
        return transports;

        double Behind(int part, int i) => _parts[part].Percent / 100 * (i + 1) - assigned[part];
    }

    public override string ToString() => string.Join(",", _parts.Select(part =>
        ByName.First(name => name.Value == part.Transport).Key + (_parts.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $":{part.Percent:0.##}"))));
}
