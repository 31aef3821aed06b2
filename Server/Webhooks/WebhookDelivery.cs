using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Webhooks;

/// <summary>
/// Runs the <see cref="WebhookWorker"/> for the webhook of a room when the room has stored events, when an attempt is due, and when the webhook was
/// changed. A room only raises a signal, so a receiver never slows a room down. Thread-safe.
/// </summary>
internal sealed class WebhookDelivery : BackgroundService, IWebhookDelivery
{
    // The number of rooms that one query reads.
    private const int MaxRows = 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The interval at which all webhooks are checked, in case a signal was lost.
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FaultDelay = TimeSpan.FromSeconds(5);

    // A receiver is slow if its last request took longer than this time. Slow receivers use at most half of the slots, so they can't delay the others.
    private static readonly TimeSpan SlowTime = TimeSpan.FromMilliseconds(500);

    private readonly IWebhookStore _store;
    private readonly WebhookWorker _worker;
    private readonly WebhookConnector _connector;
    private readonly RoomDirectory _rooms;
    private readonly INodes _nodes;
    private readonly TimeProvider _time;
    private readonly ILogger<WebhookDelivery> _logger;
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _slowSlots;
    private readonly CancellationTokenSource _stop = new();

    // The rooms with a webhook. The lock guards the entries.
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();

    public WebhookDelivery(IWebhookStore store, WebhookWorker worker, WebhookConnector connector, RoomDirectory rooms, INodes nodes, IOptions<WebhookOptions> options, TimeProvider time, ILogger<WebhookDelivery> logger)
    {
        _store = store;
        _worker = worker;
        _connector = connector;
        _rooms = rooms;
        _nodes = nodes;
        _time = time;
        _logger = logger;
        _slots = new SemaphoreSlim(options.Value.MaxConcurrent);
        _slowSlots = new SemaphoreSlim(Math.Max(1, options.Value.MaxConcurrent / 2));
        IsEnabled = options.Value.Enabled;
    }

    public bool IsEnabled { get; }

    public string CreateSecret() => WebhookSignature.CreateSecret();

    public async ValueTask<string?> FindUrlErrorAsync(string url, CancellationToken cancellationToken) => await _connector.FindUrlErrorAsync(url, cancellationToken);

    public void OnChanged(string room)
    {
        if (IsEnabled)
            Run(_entries.GetOrAdd(room, name => new Entry(name)), isChanged: true);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _rooms.EventsStored -= OnEventsStored;
        _nodes.EventsAvailable -= OnEventsStored;
        await _stop.CancelAsync();
        await base.StopAsync(cancellationToken);
        Task[] running;
        lock (_gate)
            running = [.. _entries.Values.Select(entry => entry.Running)];
        await Task.WhenAll(running).WaitAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _slots.Dispose();
        _slowSlots.Dispose();
        _stop.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsEnabled)
            return;
        _rooms.EventsStored += OnEventsStored;
        _nodes.EventsAvailable += OnEventsStored;
        using var timer = new PeriodicTimer(Interval, _time);
        var isLoaded = false;
        var swept = _time.GetTimestamp();
        try
        {
            do
            {
                var isSweep = _time.GetElapsedTime(swept) >= SweepInterval;
                // Another server may have added webhooks.
                isLoaded = (isLoaded && !(isSweep && _nodes.IsEnabled)) || await TryLoadAsync(stoppingToken);
                if (isSweep)
                    swept = _time.GetTimestamp();
                var now = _time.GetUtcNow();
                foreach (var entry in _entries.Values)
                {
                    if (entry.DueAt is { } due ? due <= now : isSweep)
                        Run(entry);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    // Runs the webhooks of all rooms, because events may have been stored after their last delivery.
    private async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var last = ""; ;)
            {
                var rooms = await _store.ListRoomsAsync(last, MaxRows, cancellationToken);
                foreach (var room in rooms)
                    Run(_entries.GetOrAdd(room, name => new Entry(name)));
                if (rooms.Count < MaxRows)
                    return true;
                last = rooms[^1];
            }
        }
        catch (StorageException fault)
        {
            Log.NotStored(_logger, fault);
            return false;
        }
    }

    // Called by the loop of a room, or when another server may have stored events. Must not wait.
    private void OnEventsStored(string room, long firstSeq)
    {
        if (_entries.TryGetValue(room, out var entry) && entry.DueAt is null)
            Run(entry);
    }

    // Starts the task of an entry, or lets the running task run again.
    private void Run(Entry entry, bool isChanged = false)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
                return;
            if (isChanged)
                entry.DueAt = null;
            // The entry may have been removed since the caller found it. Then add it again.
            entry = _entries.GetOrAdd(entry.Room, entry);
            entry.MustRunAgain = entry.IsRunning;
            if (entry.IsRunning)
                return;
            entry.IsRunning = true;
            entry.Running = Task.Run(() => RunAsync(entry));
        }
    }

    private async Task RunAsync(Entry entry)
    {
        WebhookStep step;
        do
        {
            step = await TryStepAsync(entry);
        }
        while (!TryEnd(entry, step));
    }

    // Returns false if the entry must run again.
    private bool TryEnd(Entry entry, WebhookStep step)
    {
        lock (_gate)
        {
            var isDone = _stop.IsCancellationRequested || (step.Kind != WebhookStepKind.Continue && !entry.MustRunAgain);
            entry.MustRunAgain = false;
            entry.DueAt = step.Kind == WebhookStepKind.Wait ? step.Until : null;
            if (!isDone)
                return false;
            entry.IsRunning = false;
            if (step.Kind == WebhookStepKind.Removed)
                _entries.TryRemove(KeyValuePair.Create(entry.Room, entry));
            return true;
        }
    }

    // Waits for a slot, and makes one attempt. A slow receiver needs two slots: one of all slots, and one of the slots for slow receivers. So slow
    // receivers leave slots for the others.
    private async Task<WebhookStep> TryStepAsync(Entry entry)
    {
        // With several servers, only one of them delivers. Otherwise a receiver would get each event several times, and the events in any order.
        if (!_nodes.IsLeader)
            return WebhookStep.Idle;
        var (hasSlowSlot, hasSlot) = (false, false);
        try
        {
            if (entry.IsSlow)
            {
                await _slowSlots.WaitAsync(_stop.Token);
                hasSlowSlot = true;
            }

            await _slots.WaitAsync(_stop.Token);
            hasSlot = true;
            var start = _time.GetTimestamp();
            try
            {
                return await _worker.StepAsync(entry.Room, _stop.Token);
            }
            finally
            {
                entry.IsSlow = _time.GetElapsedTime(start) > SlowTime;
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The server is stopping. After its next start, it makes the attempt again.
            return WebhookStep.Idle;
        }
        catch (StorageException fault)
        {
            Log.NotStored(_logger, fault);
        }
#pragma warning disable CA1031 // a failed attempt must not end the delivery
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.DeliveryFailed(_logger, fault, entry.Room, FaultDelay.TotalSeconds);
        }
        finally
        {
            if (hasSlot)
                _slots.Release();
            if (hasSlowSlot)
                _slowSlots.Release();
        }

        return WebhookStep.WaitUntil(_time.GetUtcNow() + FaultDelay);
    }

    /// <summary>The delivery for one room.</summary>
    private sealed class Entry(string room)
    {
        private long _dueTicks;

        public string Room { get; } = room;

        /// <summary>When the next attempt is due; null if no time is set. Any thread may read this property.</summary>
        public DateTimeOffset? DueAt
        {
            get => Volatile.Read(ref _dueTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
            set => Volatile.Write(ref _dueTicks, value?.UtcTicks ?? 0);
        }

        public bool IsRunning { get; set; }

        /// <summary>Whether the last step took long. Only the task of the entry uses it.</summary>
        public bool IsSlow { get; set; }

        public bool MustRunAgain { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;
    }
}
