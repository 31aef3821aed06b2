using System.Globalization;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>By which ways the connections come, in percent: <c>ws</c>, or <c>ws:80,sse:20</c>.</summary>
public sealed class WayMix
{
    private static readonly Dictionary<string, WayIn> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ws"] = WayIn.WebSocket,
        ["ws-deflate"] = WayIn.Deflate,
        ["ws-h2"] = WayIn.Http2,
        ["tcp"] = WayIn.RawTcp,
        ["poll"] = WayIn.Poll,
        ["longpoll"] = WayIn.LongPoll,
        ["sse"] = WayIn.Sse,
        ["stream"] = WayIn.Stream,
        ["iframe"] = WayIn.IFrame,
    };

    private readonly IReadOnlyList<(WayIn Way, double Percent)> _parts;

    private WayMix(IReadOnlyList<(WayIn, double)> parts) => _parts = parts;

    /// <summary>All ways' names.</summary>
    public static IReadOnlyCollection<string> All => Names.Keys;

    /// <summary>WebSocket alone.</summary>
    public static WayMix Default { get; } = new([(WayIn.WebSocket, 100)]);

    /// <summary>Reads one way or a mix. Where there is no percentage at all, all have the same.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="mix">What it means.</param>
    /// <param name="problem">Why it means nothing, in one line.</param>
    public static bool TryParse(string text, out WayMix mix, out string? problem)
    {
        (mix, problem) = (Default, null);
        var given = text.Split(',', StringSplitOptions.TrimEntries).Select(part => part.Split(':')).ToList();
        var even = given.TrueForAll(part => part.Length == 1);
        var parts = new List<(WayIn, double)>();
        foreach (var part in given)
        {
            var percent = 100.0 / given.Count;
            if (!Names.TryGetValue(part[0], out var way))
                problem = $"there is no way \"{part[0]}\"; there are {string.Join(", ", All)}";
            else if (parts.Exists(other => other.Item1 == way))
                problem = $"{part[0]} is named twice";
            else if (!even && (part.Length != 2 || !double.TryParse(part[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out percent) || percent <= 0))
                problem = $"\"{string.Join(':', part)}\" needs its percentage, as in ws:80,sse:20";
            parts.Add((way, percent));
        }
        var sum = parts.Sum(part => part.Item2);
        if (problem is null && Math.Abs(sum - 100) > 0.01)
            problem = string.Create(CultureInfo.InvariantCulture, $"the percentages are {sum} in all, not 100");
        if (problem is null) mix = new WayMix(parts);
        else problem = $"--way: {problem}";
        return problem is null;
    }

    internal bool Has(WayIn way) => _parts.Any(part => part.Way == way);

    /// <summary>Whether all frames come by themselves, and in order with the end of the connection.</summary>
    internal bool IsSocketsOnly => _parts.All(part => part.Way is WayIn.WebSocket or WayIn.Deflate or WayIn.Http2 or WayIn.RawTcp);

    /// <summary>
    /// The way of one connection. Dealt out so that each run of connections has each way's share, whatever the rooms: by the
    /// way that is furthest behind its share.
    /// </summary>
    internal IReadOnlyList<WayIn> Deal(int connections)
    {
        var dealt = new double[_parts.Count];
        var ways = new WayIn[connections];
        for (var i = 0; i < connections; i++)
        {
            var most = 0;
            for (var part = 1; part < _parts.Count; part++)
                if (Behind(part, i) > Behind(most, i) + 1e-9) most = part;
            dealt[most]++;
            ways[i] = _parts[most].Way;
        }
        return ways;

        double Behind(int part, int i) => _parts[part].Percent / 100 * (i + 1) - dealt[part];
    }

    public override string ToString() => string.Join(",", _parts.Select(part =>
        Names.First(name => name.Value == part.Way).Key + (_parts.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $":{part.Percent:0.##}"))));
}
