using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>
/// Creates texts of words with the frequencies of a natural language: in a list of 50,000 words, the first word is about n times as frequent as
/// word number n (Zipf's law).
/// </summary>
internal static class BenchmarkTexts
{
    /// <summary>The length of each text in bytes, about 20 words.</summary>
    public const int Length = 128;

    private const int WordCount = 50_000;

    private static readonly string[] Words = CreateWords();

    /// <summary>Creates random texts. The same seed gives the same texts.</summary>
    public static string[] Create(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => CreateText(random))];
    }

    /// <summary>Chooses a word with the probabilities that the texts use: frequent words are more probable.</summary>
    public static string ChooseFrequentWord(Random random) => Words[(int)Math.Pow(WordCount, random.NextDouble()) - 1];

    /// <summary>Chooses a word. All words have the same probability.</summary>
    public static string ChooseWord(Random random) => Words[random.Next(WordCount)];

    private static string CreateText(Random random)
    {
        var text = new StringBuilder(Length + 16);
        while (text.Length < Length)
            text.Append(ChooseFrequentWord(random)).Append(' ');
        return text.ToString(0, Length);
    }

    // The words at the beginning of the list are the most frequent ones, and they are the shortest.
    private static string[] CreateWords()
    {
        var random = new Random(1);
        var words = new HashSet<string>();
        while (words.Count < WordCount)
        {
            var length = 2 + (int)Math.Log2(1 + (words.Count / 8.0)) / 2 + random.Next(3);
            words.Add(string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next('a', 'z' + 1))));
        }

        return [.. words];
    }
}
