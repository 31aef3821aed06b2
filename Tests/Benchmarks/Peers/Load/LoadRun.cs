using System.Diagnostics;
using System.Net;
using RawSocketChat.Tests.Benchmarks.Peers.Wires;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// Generates the load on one peer. One connection publishes, and all connections receive every message. Each message has a scheduled time
/// that does not depend on the server, so a late message does not delay the next one. Latency is measured from the scheduled time, so it
/// shows every stall of the server.
/// </summary>
internal sealed class LoadRun : IDisposable
{
    public const int TextBytes = 128;

    // This number of concurrent handshakes keeps the server busy and does not fill its accept backlog.
    private const int ConcurrentHandshakes = 8;

    private readonly EndPoint _server;
    private readonly Func<CpuTime> _readCpuTime;
    private readonly Wire _wire;
    private readonly Receiver _receiver;
    private readonly TimeSpan _timeout;
    private readonly List<LoadConnection> _connections = [];
    private readonly byte[] _publication;
    private readonly int _numberOffset;
    private LoadConnection _publisher = null!;
    private int _next;

    private LoadRun(EndPoint server, Func<CpuTime> readCpuTime, Wire wire, int maxSubscribers, TimeSpan timeout)
    {
        (_server, _readCpuTime, _wire, _timeout) = (server, readCpuTime, wire, timeout);
        _receiver = new Receiver(wire, maxSubscribers + 1);
        _publication = wire.EncodePublication(System.Text.Encoding.ASCII.GetString(MessageNumber.CreateText(TextBytes)));
        _numberOffset = _publication.AsSpan().IndexOf(MessageNumber.Mark) + 1;
    }

    /// <summary>The number of subscribed connections.</summary>
    public int Subscribers => _connections.Count;

    /// <summary>The first error that the peer reported or caused, or null.</summary>
    public string? Error => _receiver.Error ?? (_receiver.Closed > 0 ? $"{_receiver.Closed} connections were closed" : null);

    /// <param name="server">The address of the peer.</param>
    /// <param name="readCpuTime">Returns the processor time of the peer so far.</param>
    /// <param name="wire">The protocol of the peer.</param>
    /// <param name="subscribers">The number of connections to open, including the publisher.</param>
    /// <param name="maxSubscribers">The maximum number of connections for later calls of <see cref="Subscribe"/>.</param>
    /// <param name="timeout">The time without a delivery after which missing messages count as lost.</param>
    /// <param name="cancel">Cancels the opening.</param>
    /// <exception cref="LoadException">Not all connections could be opened.</exception>
    public static LoadRun Open(
        EndPoint server, Func<CpuTime> readCpuTime, Wire wire, int subscribers, int maxSubscribers, TimeSpan timeout, CancellationToken cancel)
    {
        var run = new LoadRun(server, readCpuTime, wire, maxSubscribers, timeout);
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

    /// <summary>Opens connections until their number is <paramref name="subscribers"/>.</summary>
    public void Subscribe(int subscribers, CancellationToken cancel)
    {
        var next = _connections.Count - 1;
        Exception? fault = null;
        // The handshakes block. The thread pool adds threads too slowly, so use dedicated threads.
        var threads = Enumerable.Range(0, ConcurrentHandshakes).Select(_ => new Thread(() =>
        {
            try
            {
                while (Interlocked.Increment(ref next) is var index && index < subscribers && !cancel.IsCancellationRequested && fault is null)
                    OpenConnection(index, publishes: false);
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
            throw new LoadException($"only {_connections.Count} of {subscribers} connections could be opened: {fault.Message}");
    }

    /// <summary>Publishes at a fixed rate (messages per second) for the given time, and measures the deliveries.</summary>
    public LoadResult RunAtRate(double rate, double seconds, CancellationToken cancel)
    {
        var count = Math.Max(1, (int)Math.Round(rate * seconds));
        return Measure(rate, withLatency: true, start =>
        {
            for (var i = 0; i < count && !cancel.IsCancellationRequested; i++)
            {
                var dueTime = start + (long)(i / rate * Stopwatch.Frequency);
                while (Stopwatch.GetTimestamp() < dueTime)
                    Kernel.SleepUntil(dueTime);
                _receiver.SetDueTime(_next, dueTime);
                Publish(1);
            }
        }, cancel);
    }

    /// <summary>
    /// Publishes at the maximum rate for the given time. Sends <paramref name="window"/> messages in one write, waits until all subscribers
    /// have received them, and repeats both steps.
    /// </summary>
    public LoadResult RunAtMaximum(int window, double seconds, CancellationToken cancel) => Measure(0, withLatency: false, start =>
    {
        for (var sent = window; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds && _next + window < MessageNumber.Limit; sent += window)
        {
            Publish(window);
            if (!_receiver.Wait((long)sent * Subscribers, _timeout, cancel))
                return;
        }
    }, cancel);

    public void Dispose()
    {
        _receiver.Dispose();
        _connections.ForEach(connection => connection.Dispose());
        if (_wire.PublishesByHttp)
            _publisher?.Dispose();
    }

    private LoadResult Measure(double rate, bool withLatency, Action<long> publish, CancellationToken cancel)
    {
        var first = _next;
        _receiver.Reset(first, withLatency);
        var (server, generator, start) = (_readCpuTime(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        publish(start);
        var published = _next - first;
        var expected = (long)published * Subscribers;
        var isComplete = _receiver.Wait(expected, _timeout, cancel);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds - (isComplete ? 0 : _timeout.TotalSeconds);
        (server, generator) = (_readCpuTime() - server, Environment.CpuUsage.TotalTime - generator);
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
            GeneratorMicroseconds = generator.TotalMicroseconds / delivered,
            P50 = (latency?.GetValueAtPercentile(50) ?? 0) / 1000.0,
            P99 = (latency?.GetValueAtPercentile(99) ?? 0) / 1000.0,
            Max = (latency?.GetValueAtPercentile(100) ?? 0) / 1000.0,
        };
    }

    private void OpenPublisher()
    {
        if (_wire.PublishesByHttp)
        {
            _publisher = new LoadConnection(_server);
            _publisher.OpenHttp();
            _receiver.Add(_publisher);
            return;
        }

        OpenConnection(0, publishes: true);
        _publisher = _connections[0];
    }

    private void OpenConnection(int index, bool publishes)
    {
        var connection = new LoadConnection(_server);
        lock (_connections)
            _connections.Add(connection);
        connection.Open(_wire, index, publishes);
        _receiver.Add(connection);
    }

    // Publishes several messages with consecutive numbers in one write.
    private void Publish(int count)
    {
        var size = _publication.Length;
        var bytes = new byte[size * count];
        for (var i = 0; i < count; i++, _next++)
        {
            var one = bytes.AsSpan(i * size, size);
            _publication.CopyTo(one);
            MessageNumber.Write(one.Slice(_numberOffset, MessageNumber.Digits), _next);
        }

        _publisher.Send(bytes);
    }
}
