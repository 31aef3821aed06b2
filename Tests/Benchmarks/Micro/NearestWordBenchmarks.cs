using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>The search for the room that a mistyped name of 64 letters means, among 10,000 rooms. Any client may cause it.</summary>
[MemoryDiagnoser]
public class NearestWordBenchmarks
{
    private readonly string[] _common = [.. Enumerable.Range(0, 10_000).Select(i => $"room-{i}")];
    private readonly string[] _worst = [.. Enumerable.Range(0, 10_000).Select(i => $"{new string('r', 59)}{i:d5}")];
    private readonly string _word = new string('r', 62) + "xx";

    [Benchmark(Description = "among names of the usual length")]
    public string? FindAmongCommonNames() => NearestWord.FindInMany(_word, _common, out _);

    [Benchmark(Description = "among names that are as long and begin alike")]
    public string? FindAmongSimilarNames() => NearestWord.FindInMany(_word, _worst, out _);
}
