using System.Collections.Concurrent;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>Counts errors from the server and other problems by kind, and keeps the first text of each kind.</summary>
internal sealed class ProblemCounter
{
    private readonly ConcurrentDictionary<string, (int Count, string Text)> _byKind = new();

    public void Add(string kind, string text) =>
        _byKind.AddOrUpdate(kind, (1, text), (_, before) => (before.Count + 1, before.Text));

    public IReadOnlyList<string> ToLines() =>
    [
        .. _byKind.OrderByDescending(one => one.Value.Count)
            .Select(one => $"{one.Value.Count} × {one.Key}: {one.Value.Text}{GetHint(one.Key)}"),
    ];

    private static string GetHint(string kind) => kind switch
    {
        "rate-limited" or "slow-mode" or "too-many" or "HTTP" => " (start the server with --Limits:Enabled=false)",
        "name-taken" => " (harmless: these connections keep a guest name)",
        "too-long" or "too-big" => " (try a smaller --text-bytes)",
        _ => "",
    };
}
