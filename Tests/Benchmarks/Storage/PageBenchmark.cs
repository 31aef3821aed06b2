using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>What a room of very many events costs more than one of 1,000: opening it, joining it, recovering and paging in it.</summary>
internal static class PageBenchmark
{
    private const int Small = 1_000;
    private const int Asks = 2_000;

    public static async Task<int> RunAsync(int events, int rounds, string? folder)
    {
        using var large = new Workplace(folder);
        using var small = new Workplace(folder);
        await small.FillAsync("lobby", Small);
        var watch = Stopwatch.StartNew();
        await large.FillAsync("lobby", events);
        Console.WriteLine($"{events:n0} events stored in {watch.Elapsed.TotalSeconds:0} s, {new DirectoryInfo(large.Folder).GetFiles().Sum(file => file.Length) / 1e9:0.0} GB");

        var figures = new Dictionary<string, (List<double> Large, List<double> Small)>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, value) in await MeasureAsync(large, events))
                Of(name).Large.Add(value);
            foreach (var (name, value) in await MeasureAsync(small, Small))
                Of(name).Small.Add(value);
        }

        Console.WriteLine($"{"ms, medians of " + rounds,-38} {events,14:n0} {Small,10:n0} {"ratio",8}");
        foreach (var (name, (ofLarge, ofSmall)) in figures)
            Console.WriteLine($"{name,-38} {Median.Of(ofLarge),14:0.000} {Median.Of(ofSmall),10:0.000} {Median.Of(ofLarge) / Median.Of(ofSmall),8:0.00}");
        return 0;

        (List<double> Large, List<double> Small) Of(string name) =>
            figures.TryGetValue(name, out var known) ? known : figures[name] = ([], []);
    }

    private static async Task<List<(string, double)>> MeasureAsync(Workplace place, int events) =>
        [.. await AsShippedAsync(place, events), .. await FromTheDatabaseAsync(place, events)];

    // What somebody meets who comes to a server that has just started, and what the next ones meet who scroll back as far.
    private static async Task<List<(string, double)>> AsShippedAsync(Workplace place, int events)
    {
        await using var server = await RunningServer.StartAsync(place.Folder);
        using var first = new Asking(server.RawPort);
        await first.AskAsync("{\"type\":\"hello\"}");
        return
        [
            ("start of the server", server.StartedIn.TotalMilliseconds),
            ("first join after the start", await first.AskAsync("{\"type\":\"join\",\"room\":\"lobby\"}")),
            ("a page of 50, scrolling back", await ScrollAsync(first, events)),
            ("the same for the next who scrolls", await ScrollAsync(first, events)),
        ];
    }

    // At places of chance, with nothing of the rooms in memory: else the small one would never be read at all.
    private static async Task<List<(string, double)>> FromTheDatabaseAsync(Workplace place, int events)
    {
        await using var server = await RunningServer.StartAsync(place.Folder, "--Rooms:HistoryBytes", "0", "--Rooms:TailBytes", "0");
        using var asking = new Asking(server.RawPort);
        await asking.AskAsync("{\"type\":\"hello\"}");
        await asking.AskAsync("{\"type\":\"join\",\"room\":\"lobby\"}");
        var random = new Random(1);
        var (recover, before, after) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Asks; i++)
        {
            before.Add(await asking.AskAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"before\":{random.Next(200, events)},\"limit\":50}}"));
            after.Add(await asking.AskAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"after\":{random.Next(0, events - 50)},\"limit\":50}}"));
            recover.Add(await asking.AskAsync($"{{\"type\":\"join\",\"room\":\"lobby\",\"after\":{random.Next(0, events - 200)},\"limit\":200}}"));
            await asking.AskAsync("{\"type\":\"leave\",\"room\":\"lobby\"}");
        }

        return
        [
            ("50 events before one of chance", Median.Of(before)),
            ("50 events after one of chance", Median.Of(after)),
            ("join after one of chance, 200 events", Median.Of(recover)),
        ];
    }

    private static async Task<double> ScrollAsync(Asking asking, int events)
    {
        var pages = new List<double>();
        for (var before = events; before > events - 800; before -= 50)
            pages.Add(await asking.AskAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"before\":{before},\"limit\":50}}"));
        return Median.Of(pages);
    }

    /// <summary>One who asks and waits for the answer.</summary>
    private sealed class Asking : IDisposable
    {
        private readonly TcpClient _client = new() { NoDelay = true };
        private readonly StreamReader _reader;
        private readonly StreamWriter _writer;

        public Asking(int port)
        {
            _client.Connect(IPAddress.Loopback, port);
            _reader = new StreamReader(_client.GetStream());
            _writer = new StreamWriter(_client.GetStream()) { AutoFlush = true, NewLine = "\n" };
        }

        public async Task<double> AskAsync(string line)
        {
            var began = Stopwatch.GetTimestamp();
            await _writer.WriteLineAsync(line);
            while (await _reader.ReadLineAsync() is { } answer)
            {
                if (answer.StartsWith("{\"type\":\"error\"", StringComparison.Ordinal))
                    throw new InvalidOperationException(answer);
                if (answer.StartsWith("{\"type\":\"welcome\"", StringComparison.Ordinal) || answer.StartsWith("{\"type\":\"joined\"", StringComparison.Ordinal)
                    || answer.StartsWith("{\"type\":\"history\"", StringComparison.Ordinal)
                    || answer.StartsWith("{\"type\":\"ack\"", StringComparison.Ordinal))
                    return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }

            throw new InvalidOperationException("the server closed");
        }

        public void Dispose() => _client.Dispose();
    }
}
