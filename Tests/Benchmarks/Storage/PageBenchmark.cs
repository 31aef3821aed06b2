using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>Compares a very large room with a room of 1,000 events: start of the server, join, recovery and paging.</summary>
internal static class PageBenchmark
{
    private const int SmallRoomEvents = 1_000;
    private const int RequestCount = 2_000;

    public static async Task<int> RunAsync(int events, int rounds, string? folder)
    {
        using var large = new BenchmarkFolder(folder);
        using var small = new BenchmarkFolder(folder);
        await small.FillAsync("lobby", SmallRoomEvents);
        var watch = Stopwatch.StartNew();
        await large.FillAsync("lobby", events);
        Console.WriteLine($"{events:n0} events stored in {watch.Elapsed.TotalSeconds:0} s, {new DirectoryInfo(large.Folder).GetFiles().Sum(file => file.Length) / 1e9:0.0} GB");

        var figures = new Dictionary<string, (List<double> Large, List<double> Small)>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, value) in await MeasureAsync(large, events))
                Of(name).Large.Add(value);
            foreach (var (name, value) in await MeasureAsync(small, SmallRoomEvents))
                Of(name).Small.Add(value);
        }

        Console.WriteLine($"{"ms, medians of " + rounds,-38} {events,14:n0} {SmallRoomEvents,10:n0} {"ratio",8}");
        foreach (var (name, (ofLarge, ofSmall)) in figures)
            Console.WriteLine($"{name,-38} {Statistics.Median(ofLarge),14:0.000} {Statistics.Median(ofSmall),10:0.000} {Statistics.Median(ofLarge) / Statistics.Median(ofSmall),8:0.00}");
        return 0;

        (List<double> Large, List<double> Small) Of(string name) =>
            figures.TryGetValue(name, out var known) ? known : figures[name] = ([], []);
    }

    private static async Task<List<(string, double)>> MeasureAsync(BenchmarkFolder place, int events) =>
        [.. await MeasureDefaultsAsync(place, events), .. await MeasureUncachedAsync(place, events)];

    // Measures a server that has just started with default settings: the first join, and two clients that scroll back.
    private static async Task<List<(string, double)>> MeasureDefaultsAsync(BenchmarkFolder place, int events)
    {
        await using var server = await RunningServer.StartAsync(place.Folder);
        using var first = new RequestClient(server.RawPort);
        await first.RequestAsync("{\"type\":\"hello\"}");
        return
        [
            ("start of the server", server.StartedIn.TotalMilliseconds),
            ("first join after the start", await first.RequestAsync("{\"type\":\"join\",\"room\":\"lobby\"}")),
            ("a page of 50, scrolling back", await ScrollAsync(first, events)),
            ("the same page for the next client", await ScrollAsync(first, events)),
        ];
    }

    // Reads at random positions with all caches off. With caches, the server would read the small room only from memory.
    private static async Task<List<(string, double)>> MeasureUncachedAsync(BenchmarkFolder place, int events)
    {
        await using var server = await RunningServer.StartAsync(place.Folder, "--Rooms:HistoryBytes", "0", "--Rooms:TailBytes", "0");
        using var asking = new RequestClient(server.RawPort);
        await asking.RequestAsync("{\"type\":\"hello\"}");
        await asking.RequestAsync("{\"type\":\"join\",\"room\":\"lobby\"}");
        var random = new Random(1);
        var (recover, before, after) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < RequestCount; i++)
        {
            before.Add(await asking.RequestAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"before\":{random.Next(200, events)},\"limit\":50}}"));
            after.Add(await asking.RequestAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"after\":{random.Next(0, events - 50)},\"limit\":50}}"));
            recover.Add(await asking.RequestAsync($"{{\"type\":\"join\",\"room\":\"lobby\",\"after\":{random.Next(0, events - 200)},\"limit\":200}}"));
            await asking.RequestAsync("{\"type\":\"leave\",\"room\":\"lobby\"}");
        }

        return
        [
            ("50 events before a random seq", Statistics.Median(before)),
            ("50 events after a random seq", Statistics.Median(after)),
            ("join after a random seq, 200 events", Statistics.Median(recover)),
        ];
    }

    private static async Task<double> ScrollAsync(RequestClient asking, int events)
    {
        var pages = new List<double>();
        for (var before = events; before > events - 800; before -= 50)
            pages.Add(await asking.RequestAsync($"{{\"type\":\"history\",\"room\":\"lobby\",\"before\":{before},\"limit\":50}}"));
        return Statistics.Median(pages);
    }

    /// <summary>A client that sends a request and waits for the answer.</summary>
    private sealed class RequestClient : IDisposable
    {
        private readonly TcpClient _client = new() { NoDelay = true };
        private readonly StreamReader _reader;
        private readonly StreamWriter _writer;

        public RequestClient(int port)
        {
            _client.Connect(IPAddress.Loopback, port);
            _reader = new StreamReader(_client.GetStream());
            _writer = new StreamWriter(_client.GetStream()) { AutoFlush = true, NewLine = "\n" };
        }

        public async Task<double> RequestAsync(string line)
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
