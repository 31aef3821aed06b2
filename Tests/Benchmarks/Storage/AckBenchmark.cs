using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HdrHistogram;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>
/// The whole server, over sockets: each sender is alone in a room of its own (so that the fan-out costs nothing), says
/// something with an id, and says the next when that is acknowledged.
/// </summary>
internal static class AckBenchmark
{
    private const string Together = "full";
    private const string Alone = "full, a commit each";

    private static readonly (string Name, string[] Settings)[] Modes =
    [
        (Together, []),
        (Alone, ["--Data:CommitEvents", "1"]),
        ("process", ["--Data:Durability", "process"]),
        ("none", ["--Data:Durability", "none"]),
    ];

    public static async Task<int> RunAsync(int[] senders, int window, double seconds, int rounds, string? folder)
    {
        var results = new Dictionary<(string, int), List<(double Rate, double P50, double P99, double Cpu)>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in senders)
            {
                foreach (var (name, settings) in Modes)
                {
                    var result = await MeasureAsync(count, WindowOf(name, window), seconds, folder, settings);
                    if (!results.TryGetValue((name, count), out var known))
                        results.Add((name, count), known = []);
                    known.Add(result);
                }
            }
        }

        Console.WriteLine($"window {window}, 128 bytes of text, medians of {rounds} rounds of {seconds} s; server and senders share this machine's {Environment.ProcessorCount} cores");
        Console.WriteLine($"{"mode",-22} {"senders",8} {"acks/s",10} {"p50 ms",8} {"p99 ms",8} {"server CPU µs an ack",22}");
        foreach (var count in senders)
        {
            foreach (var (name, _) in Modes)
            {
                var all = results[(name, count)];
                Console.WriteLine($"{name,-22} {count,8} {Median.Of(all.Select(r => r.Rate)),10:n0} {Median.Of(all.Select(r => r.P50)),8:0.00} {Median.Of(all.Select(r => r.P99)),8:0.00} {Median.Of(all.Select(r => r.Cpu)),22:0.0}");
            }

            // Those of one round were measured one right after the other: what drifts between rounds is in both.
            var ratios = results[(Together, count)].Zip(results[(Alone, count)], (with, without) => with.Rate / without.Rate).ToList();
            Console.WriteLine($"{"",-22} {count,8} full is {Median.Of(ratios):0.0} times a commit each ({string.Join(", ", ratios.Select(ratio => $"{ratio:0.0}"))})");
        }

        return 0;
    }

    // What a room is told while a batch of it is stored becomes one batch, and a batch is never parted: so that each message has a commit, a sender has one under way.
    private static int WindowOf(string mode, int window) => mode == Alone ? 1 : window;

    private static async Task<(double Rate, double P50, double P99, double Cpu)> MeasureAsync(int count, int window, double seconds, string? folder, string[] settings)
    {
        using var place = new Workplace(folder);
        await using var server = await RunningServer.StartAsync(place.Folder, settings);
        var senders = new Sender[count];
        for (var i = 0; i < count; i++)
            senders[i] = await Sender.ConnectAsync(server.RawPort, $"r{i}");

        // Three seconds of warm-up, in which the server is compiled for what it does, then the measurement.
        var measure = new Measure();
        var running = Task.WhenAll(senders.Select(sender => Task.Run(() => sender.RunAsync(window, measure))));
        await Task.Delay(TimeSpan.FromSeconds(3));
        var cpu = server.Cpu;
        measure.Begin();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var (acks, elapsed) = measure.End();
        cpu = server.Cpu - cpu;
        await running;
        foreach (var sender in senders)
            sender.Dispose();
        var histogram = new LongHistogram(TimeStamp.Minutes(1), 3);
        foreach (var sender in senders)
            histogram.Add(sender.Latency);
        var toMs = Stopwatch.Frequency / 1000.0;
        return (acks / elapsed, histogram.GetValueAtPercentile(50) / toMs, histogram.GetValueAtPercentile(99) / toMs, cpu.TotalMicroseconds / Math.Max(1, acks));
    }

    /// <summary>What all senders look at.</summary>
    private sealed class Measure
    {
        private readonly Stopwatch _watch = new();
        private long _acks;
        private volatile bool _isOn;
        private volatile bool _isOver;

        public bool IsOn => _isOn;

        public bool IsOver => _isOver;

        public void Count(int acks) => Interlocked.Add(ref _acks, acks);

        public void Begin()
        {
            _watch.Start();
            _isOn = true;
        }

        public (long Acks, double Seconds) End()
        {
            _isOn = false;
            _watch.Stop();
            _isOver = true;
            return (Interlocked.Read(ref _acks), _watch.Elapsed.TotalSeconds);
        }
    }

    /// <summary>One connection to the raw port: lines out, acks in.</summary>
    private sealed class Sender(Socket socket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly Queue<long> _sent = new();
        private long _next;

        public LongHistogram Latency { get; } = new(TimeStamp.Minutes(1), 2);

        public static async Task<Sender> ConnectAsync(int port, string room)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            var sender = new Sender(socket);
            await socket.SendAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"hello\"}}\n{{\"type\":\"create\",\"room\":\"{room}\"}}\n"));
            var seen = "";
            while (!seen.Contains("\"type\":\"joined\"", StringComparison.Ordinal))
            {
                var received = await socket.ReceiveAsync(sender._buffer);
                seen += received > 0 ? Encoding.UTF8.GetString(sender._buffer, 0, received) : throw new InvalidOperationException($"the server closed: {seen}");
            }

            return sender;
        }

        public async Task RunAsync(int window, Measure measure)
        {
            await SendAsync(window);
            var rest = 0;
            while (_sent.Count > 0)
            {
                var received = await socket.ReceiveAsync(_buffer.AsMemory(rest));
                if (received == 0)
                    throw new InvalidOperationException("the server closed");
                var acks = Take(rest + received, out rest, measure);
                if (acks == 0)
                    continue;
                if (measure.IsOn)
                    measure.Count(acks);
                if (!measure.IsOver)
                    await SendAsync(acks);
            }
        }

        public void Dispose() => socket.Dispose();

        private async Task SendAsync(int count)
        {
            var lines = new StringBuilder();
            for (var i = 0; i < count; i++)
                lines.Append("{\"type\":\"say\",\"id\":").Append(++_next).Append(",\"text\":\"").Append(Workplace.Text).Append("\"}\n");
            var now = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
                _sent.Enqueue(now);
            await socket.SendAsync(Encoding.UTF8.GetBytes(lines.ToString()));
        }

        // Counts the acks among the whole lines and keeps the rest.
        private int Take(int length, out int rest, Measure measure)
        {
            var acks = 0;
            var text = _buffer.AsSpan(0, length);
            var now = Stopwatch.GetTimestamp();
            while (text.IndexOf((byte)'\n') is >= 0 and var end)
            {
                if (text.StartsWith("{\"type\":\"ack\""u8))
                {
                    acks++;
                    var latency = now - _sent.Dequeue();
                    if (measure.IsOn)
                        Latency.RecordValue(latency);
                }
                else if (text.StartsWith("{\"type\":\"error\""u8))
                    throw new InvalidOperationException(Encoding.UTF8.GetString(text[..end]));
                text = text[(end + 1)..];
            }

            rest = text.Length;
            text.CopyTo(_buffer);
            return acks;
        }
    }
}
