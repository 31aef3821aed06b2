using System.Diagnostics;
using System.Net;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// The load on one peer: one connection publishes, it and all others get every message. The schedule is open: a message that left late does not put off the next one,
/// and latency counts from when it was due, so that a server that stalls can't hide it.
/// </summary>
internal sealed class LoadRun : IDisposable
{
    public const int TextBytes = 128;

    // Handshakes under way at once: enough that the server is never idle, few enough for its backlog of connections.
    private const int Ramp = 8;

    private readonly EndPoint _server;
    private readonly int _process;
    private readonly Wire _wire;
    private readonly Receiver _receiver;
    private readonly TimeSpan _patience;
    private readonly List<Line> _lines = [];
    private readonly byte[] _publication;
    private readonly int _numberAt;
    private Line _publisher = null!;
    private int _next;

    private LoadRun(EndPoint server, int process, Wire wire, int most, TimeSpan patience)
    {
        (_server, _process, _wire, _patience) = (server, process, wire, patience);
        _receiver = new Receiver(wire, most + 1);
        _publication = wire.Publication(System.Text.Encoding.ASCII.GetString(Stamp.Text(TextBytes)));
        _numberAt = _publication.AsSpan().IndexOf(Stamp.Mark) + 1;
    }

    /// <summary>Connections that get every message.</summary>
    public int Subscribers => _lines.Count;

    /// <summary>The first bad thing that the peer said, or did.</summary>
    public string? Complaint => _receiver.Complaint ?? (_receiver.Closed > 0 ? $"{_receiver.Closed} connections were closed" : null);

    /// <param name="server">Where the peer listens.</param>
    /// <param name="process">Its process.</param>
    /// <param name="wire">How it is spoken to.</param>
    /// <param name="subscribers">Connections to open, the publishing one among them.</param>
    /// <param name="most">As many as <see cref="Subscribe"/> may ever reach.</param>
    /// <param name="patience">For how long nothing may come until what is missing counts as lost.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="LoadException">Not all could be opened.</exception>
    public static LoadRun Open(EndPoint server, int process, Wire wire, int subscribers, int most, TimeSpan patience, CancellationToken cancel)
    {
        var run = new LoadRun(server, process, wire, most, patience);
        try
        {
            run.OpenPublisher();
            run.Subscribe(subscribers, cancel);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Opens connections until there are so many.</summary>
    public void Subscribe(int subscribers, CancellationToken cancel)
    {
        var next = _lines.Count - 1;
        Exception? fault = null;
        // Threads of their own: they block, and the thread pool of two cores would have two of them for a long time.
        var threads = Enumerable.Range(0, Ramp).Select(_ => new Thread(() =>
        {
            try
            {
                while (Interlocked.Increment(ref next) is var index && index < subscribers && !cancel.IsCancellationRequested && fault is null)
                    OpenLine(index, publishes: false);
            }
            catch (Exception e)
            {
                fault = e;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        cancel.ThrowIfCancellationRequested();
        if (fault is not null)
            throw new LoadException($"only {_lines.Count} of {subscribers} connections: {fault.Message}");
    }

    /// <summary>So many messages a second, for so long.</summary>
    public LoadResult AtRate(double rate, double seconds, CancellationToken cancel)
    {
        var count = Math.Max(1, (int)Math.Round(rate * seconds));
        return Measure(rate, withLatency: true, began =>
        {
            for (var i = 0; i < count && !cancel.IsCancellationRequested; i++)
            {
                var due = began + (long)(i / rate * Stopwatch.Frequency);
                while (Stopwatch.GetTimestamp() < due)
                    Kernel.SleepUntil(due);
                _receiver.Due(_next, due);
                Publish(1);
            }
        }, cancel);
    }

    /// <summary>As many as go for so long: <paramref name="window"/> messages at once, and the next when all of these have come to all.</summary>
    public LoadResult AtMost(int window, double seconds, CancellationToken cancel) => Measure(0, withLatency: false, began =>
    {
        for (var sent = window; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds && _next + window < Stamp.Most; sent += window)
        {
            Publish(window);
            if (!_receiver.Wait((long)sent * Subscribers, _patience, cancel))
                return;
        }
    }, cancel);

    public void Dispose()
    {
        _receiver.Dispose();
        _lines.ForEach(line => line.Dispose());
        if (_wire.PublishesByHttp)
            _publisher?.Dispose();
    }

    private LoadResult Measure(double rate, bool withLatency, Action<long> publish, CancellationToken cancel)
    {
        var first = _next;
        _receiver.Begin(first, withLatency);
        var (server, own, began) = (CpuTime.OfTree(_process), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        publish(began);
        var published = _next - first;
        var expected = (long)published * Subscribers;
        var hasAll = _receiver.Wait(expected, _patience, cancel);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds - (hasAll ? 0 : _patience.TotalSeconds);
        (server, own) = (CpuTime.OfTree(_process) - server, Environment.CpuUsage.TotalTime - own);
        cancel.ThrowIfCancellationRequested();
        var delivered = Math.Max(1, _receiver.Delivered);
        var latency = withLatency ? _receiver.Latency : null;
        return new LoadResult
        {
            Rate = rate,
            Published = published,
            Expected = expected,
            Delivered = _receiver.Delivered,
            Repeated = _receiver.Repeated,
            Seconds = Math.Max(1e-3, seconds),
            CpuMicroseconds = server.Total / delivered,
            UserMicroseconds = server.User / delivered,
            GeneratorMicroseconds = own.TotalMicroseconds / delivered,
            P50 = (latency?.GetValueAtPercentile(50) ?? 0) / 1000.0,
            P99 = (latency?.GetValueAtPercentile(99) ?? 0) / 1000.0,
            Max = (latency?.GetValueAtPercentile(100) ?? 0) / 1000.0,
        };
    }

    private void OpenPublisher()
    {
        if (_wire.PublishesByHttp)
        {
            _publisher = new Line(_server);
            _publisher.OpenHttp();
            _receiver.Add(_publisher);
            return;
        }

        OpenLine(0, publishes: true);
        _publisher = _lines[0];
    }

    private void OpenLine(int index, bool publishes)
    {
        var line = new Line(_server);
        lock (_lines)
            _lines.Add(line);
        line.Open(_wire, index, publishes);
        _receiver.Add(line);
    }

    // One write for all of them, numbered in turn.
    private void Publish(int count)
    {
        var size = _publication.Length;
        var bytes = new byte[size * count];
        for (var i = 0; i < count; i++, _next++)
        {
            var one = bytes.AsSpan(i * size, size);
            _publication.CopyTo(one);
            Stamp.Write(one.Slice(_numberAt, Stamp.Digits), _next);
        }

        _publisher.Send(bytes);
    }
}
