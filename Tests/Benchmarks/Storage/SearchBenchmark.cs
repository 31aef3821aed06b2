using System.Diagnostics;
using RawSocketChat.Server.Search;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>Compares the time of searches over many messages with the time of reading one message by its key.</summary>
internal static class SearchBenchmark
{
    private const int RoomCount = 20;
    private const int PrivateRooms = 5;
    private const int AuthorCount = 1_000;
    private const int Rounds = 1_000;
    private const int MaxTimesKeyRead = 50;

    public static async Task<int> RunAsync(int messages, string? folder)
    {
        using var place = new BenchmarkFolder(folder);
        var watch = Stopwatch.StartNew();
        await FillAsync(place, messages);
        Console.WriteLine($"{messages:n0} messages of {BenchmarkTexts.Length} bytes stored and indexed in {watch.Elapsed.TotalSeconds:0} s, {new DirectoryInfo(place.Folder).GetFiles().Sum(file => file.Length) / 1e6:n0} MB");

        using var storage = place.Open();
        var (log, search, random) = (new SqlRoomLog(storage), new SqlMessageSearch(storage), new Random(3));
        var all = new SearchScope([GetRoom(0), GetRoom(1)], WithPublicRooms: true);
        var one = new SearchScope([GetRoom(RoomCount - 1)]);
        var kinds = new (string Name, Func<MessageQuery> Create)[]
        {
            ("a frequent word", () => Create(all, BenchmarkTexts.ChooseFrequentWord(random))),
            ("any word", () => Create(all, BenchmarkTexts.ChooseWord(random))),
            ("two frequent words", () => Create(all, BenchmarkTexts.ChooseFrequentWord(random), BenchmarkTexts.ChooseFrequentWord(random))),
            ("a phrase of two frequent words", () => Create(all, $"{BenchmarkTexts.ChooseFrequentWord(random)} {BenchmarkTexts.ChooseFrequentWord(random)}")),
            ("a frequent word in one room", () => Create(one, BenchmarkTexts.ChooseFrequentWord(random))),
            ("a frequent word of one author", () => Create(all, BenchmarkTexts.ChooseFrequentWord(random)) with { Author = new SearchedAuthor(GetAuthor(random.Next(AuthorCount)), "nobody") }),
            ("all messages of one author", () => Create(all) with { Author = new SearchedAuthor(GetAuthor(random.Next(AuthorCount)), "nobody") }),
        };

        // Each round runs every kind of search once, so that a change of the machine's load affects all kinds.
        var (keys, times, found, cut) = (new List<double>(), kinds.ToDictionary(kind => kind.Name, _ => new List<double>()), new Dictionary<string, int>(), 0);
        for (var round = -100; round < Rounds; round++)
        {
            var (room, seq) = (GetRoom(random.Next(RoomCount)), random.Next(1, messages / RoomCount));
            var began = Stopwatch.GetTimestamp();
            await log.ReadAfterAsync(room, seq - 1, 1, int.MaxValue, CancellationToken.None);
            if (round >= 0)
                keys.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            foreach (var (name, create) in kinds)
            {
                var query = create();
                began = Stopwatch.GetTimestamp();
                var page = await search.SearchAsync(query, CancellationToken.None);
                if (round < 0)
                    continue; // warm-up
                times[name].Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
                found[name] = found.GetValueOrDefault(name) + page.Messages.Count;
                cut += page.IsTimedOut ? 1 : 0;
            }
        }

        var key = Percentile(keys, 99);
        Console.WriteLine($"{"µs, " + Rounds + " rounds; a page has 20 messages",-40} {"p50",8} {"p99",8} {"worst",8} {"found",8} {"p99 against one message by key",32}");
        Console.WriteLine($"{"one message by its key",-40} {Percentile(keys, 50),8:0} {key,8:0} {keys.Max(),8:0} {1,8}");
        foreach (var (name, values) in times)
            Console.WriteLine($"{name,-40} {Percentile(values, 50),8:0} {Percentile(values, 99),8:0} {values.Max(),8:0} {(double)found[name] / Rounds,8:0.0} {Percentile(values, 99) / key,32:0.0}");
        var searches = times.Values.SelectMany(value => value).ToList();
        var ratio = Percentile(searches, 99) / key;
        Console.WriteLine($"{"all searches",-40} {Percentile(searches, 50),8:0} {Percentile(searches, 99),8:0} {searches.Max(),8:0} {"",8} {ratio,32:0.0}");
        Console.WriteLine($"{cut} searches were stopped by the time limit; the goal is a ratio below {MaxTimesKeyRead}: {(ratio < MaxTimesKeyRead ? "reached" : "missed")}");
        return ratio < MaxTimesKeyRead ? 0 : 1;
    }

    private static async Task FillAsync(BenchmarkFolder place, int messages)
    {
        using var storage = place.Open(durability: Durability.Process);
        var (log, catalog, random) = (new SqlRoomLog(storage), new SqlRoomCatalog(storage), new Random(2));
        for (var i = 0; i < RoomCount; i++)
            await catalog.CreateRoomAsync(new StoredRoom(GetRoom(i), "", null, IsPrivate: i < PrivateRooms), int.MaxValue, CancellationToken.None);
        const int batch = 1_000;
        for (var done = 0; done < messages; done += batch)
        {
            var texts = BenchmarkTexts.Create(batch, seed: done);
            // Append to all rooms at the same time, so that each commit contains messages of several rooms, as in a busy chat.
            await Task.WhenAll(texts.Chunk(batch / RoomCount).Select((part, room) => log.AppendAsync(
                GetRoom(room), [.. part.Select(text => CreateMessage(GetAuthor(random.Next(AuthorCount)), text))], CancellationToken.None).AsTask()));
            while (!await SearchIndexer.IndexBeforeSearchAsync(storage, CancellationToken.None))
            {
                // One call indexes a limited number of messages. Repeat the call until all messages are indexed.
            }
        }
    }

    private static MessageQuery Create(SearchScope scope, params string[] phrases) => new([.. phrases.Select(phrase => SearchPhrase.Create(phrase)!)], scope);

    private static NewEvent CreateMessage(string author, string text) => new(RoomEventKind.Message, author, author, text);

    private static string GetRoom(int index) => $"room{index}";

    private static string GetAuthor(int index) => $"u{index:x8}{index:x8}";

    private static double Percentile(List<double> values, int percent) => values.Order().ElementAt((values.Count * percent / 100) - (percent == 100 ? 1 : 0));
}
