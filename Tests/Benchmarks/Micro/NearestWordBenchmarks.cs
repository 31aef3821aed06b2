using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>
/// Searches 10,000 room names for the name that is most similar to a mistyped name of 64 letters. Any client can cause such a search.
/// </summary>
[MemoryDiagnoser]
public class NearestWordBenchmarks
{
    private readonly string[] _common = [.. Enumerable.Range(0, 10_000).Select(i => $"room-{i}")];
    private readonly string[] _worst = [.. Enumerable.Range(0, 10_000).Select(i => $"{new string('r', 59)}{i:d5}")];
    private readonly string _word = new string('r', 62) + "xx";

    [Benchmark(Description = "among names of the usual length")]
    public string? FindAmongCommonNames() => NearestWord.FindInMany(_word, _common, out _);

    [Benchmark(Description = "among names of the same length and beginning")]
    public string? FindAmongSimilarNames() => NearestWord.FindInMany(_word, _worst, out _);
}
