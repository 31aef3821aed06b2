using BenchmarkDotNet.Attributes;
using RawSocketChat.Server.Search;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>Splits the longest message into the words of the search index. While a text is split, the writer of the storage waits.</summary>
[MemoryDiagnoser]
public class SearchTextBenchmarks
{
    private const int Length = 8_000;

    private readonly string _chinese = new([.. Enumerable.Range(0, Length).Select(i => (char)('\u4E00' + i * 7 % 3_000))]);
    private readonly string _english = string.Concat(Enumerable.Repeat("where are my lost keys ", Length / 23 + 1))[..Length];

    [Benchmark(Description = "8,000 Chinese characters")]
    public string SplitChinese() => SearchText.GetTerms(_chinese);

    [Benchmark(Description = "8,000 letters of English words")]
    public string SplitEnglish() => SearchText.GetTerms(_english);
}
