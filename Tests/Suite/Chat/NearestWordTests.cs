using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Finding the most similar known word.</summary>
public class NearestWordTests
{
    private static readonly string[] Rooms = ["garden", "lobby", "music", "Hallway", "lounge"];

    [TestCase("loby", "lobby")]
    [TestCase("lobyb", "lobby")]
    [TestCase("LOBBY", "lobby")]
    [TestCase("lobbby", "lobby")]
    [TestCase("gadren", "garden")]
    [TestCase("gard", "garden")]
    [TestCase("hall", "Hallway")]
    [TestCase("musik", "music")]
    [TestCase("xyzzy", null)]
    [TestCase("l", null)]
    [TestCase("", null)]
    public void Mistyped_name_finds_the_similar_room(string word, string? expected) => NearestWord.Find(word, Rooms).Should().Be(expected);

    [Test]
    public void Swapped_letters_count_as_one_edit() => NearestWord.Find("jion", ["lion", "join"]).Should().Be("join");

    [Test]
    public void First_of_equally_similar_words_is_found()
    {
        NearestWord.Find("cat", ["car", "can"]).Should().Be("car");
        NearestWord.Find("cat", ["can", "car"]).Should().Be("can");
    }

    [Test]
    public void Very_long_words_are_similar_to_no_word()
    {
        NearestWord.Find(new string('x', 100_000), Rooms).Should().BeNull();
        NearestWord.Find("lobby", [new string('x', 100_000), "", "lobby"]).Should().Be("lobby");
        NearestWord.Find(new string('x', 64), [new string('x', 63)]).Should().NotBeNull();
    }

    [TestCase("abcdefghijkl", "abXdeXghiXkl", true)]
    [TestCase("abcdefghijkl", "aXcdXfghXjkX", false)]
    [TestCase("abcdefghijkl", "abcdefghi", true)]
    [TestCase("abcdefghijkl", "abcdefgh", false)]
    [TestCase("abcdefghijkl", "badcfeghijkl", true)]
    [TestCase("abcdefghijkl", "badcfehgijkl", false)]
    [TestCase("abcd", "abdc", true)]
    [TestCase("abcd", "badc", false)]
    public void Similar_words_differ_by_at_most_three_edits_and_short_words_by_fewer(string word, string known, bool isSimilar) =>
        NearestWord.Find(word, [known]).Should().Be(isSimilar ? known : null);

    // Compares the results with the plain algorithm, which computes all cells of a table.
    [Test]
    public void Find_gives_the_same_result_as_the_plain_algorithm()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            var (word, known) = (CreateWord(random), CreateWord(random));
            var allowed = Math.Clamp((word.Length + 1) / 3, 1, 3);
            var isSimilar = GetDistance(word, known) <= allowed || known.StartsWith(word, StringComparison.Ordinal);
            NearestWord.Find(word, [known]).Should().Be(isSimilar ? known : null, "{0} and {1} have the distance {2}", word, known, GetDistance(word, known));
        }
    }

    [Test]
    public void Only_few_words_of_a_long_list_are_compared()
    {
        var word = new string('r', 63) + "x";
        NearestWord.FindInMany(word, Enumerable.Range(0, 10_000).Select(i => $"{new string('r', 59)}{i:d5}"), out var compared);
        compared.Should().Be(NearestWord.MaxCompared, "all words have the same length and the same letters at the beginning");

        var others = Enumerable.Range(0, 10_000).Select(i => $"room-{i}").Append("qqq").Append(new string('r', 60));
        NearestWord.FindInMany(word, others, out compared).Should().BeNull();
        compared.Should().Be(0, "no word has the same first letter and about the same length");
        NearestWord.FindInMany("roon-9", others, out compared).Should().Be("room-9");
        compared.Should().BeLessThanOrEqualTo(NearestWord.MaxCompared);
        NearestWord.FindInMany(word, [new string('r', 62)], out compared).Should().NotBeNull();
    }

    private static string CreateWord(Random random) => string.Create(random.Next(2, 14), random, (letters, source) =>
    {
        for (var i = 0; i < letters.Length; i++)
            letters[i] = "ABC"[source.Next(3)];
    });

    private static int GetDistance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                table[i, j] = Math.Min(table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[a.Length, b.Length];
    }
}
