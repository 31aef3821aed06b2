using System.Collections.Concurrent;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>What the server (or a connection's end) had to say against the flood, counted by its kind.</summary>
internal sealed class Complaints
{
    private readonly ConcurrentDictionary<string, (int Count, string Text)> _byKind = new();

    public void Add(string kind, string text) =>
        _byKind.AddOrUpdate(kind, (1, text), (_, before) => (before.Count + 1, before.Text));

    public IReadOnlyList<string> Lines() =>
    [
        .. _byKind.OrderByDescending(one => one.Value.Count)
            .Select(one => $"{one.Value.Count} × {one.Key}: {one.Value.Text}{Hint(one.Key)}"),
    ];

    private static string Hint(string kind) => kind switch
    {
        "rate-limited" or "slow-mode" or "too-many" or "HTTP" => " (start the server with --Limits:Enabled=false)",
        "name-taken" => " (harmless: those connections keep a guest's name)",
        "too-long" or "too-big" => " (try a smaller --text-bytes)",
        _ => "",
    };
}
