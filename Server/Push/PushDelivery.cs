using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Push;

/// <summary>
/// Sends push messages to members who have no connection, when a room has new messages. The room only raises a signal, and the push messages wait in
/// a bounded queue. So a slow push service does not slow a room down. A push message that fails is not sent again, because a late one is of little
/// use. Thread-safe.
/// </summary>
internal sealed class PushDelivery : BackgroundService
{
    // After each round of push messages, the server collects new messages for this time. In each round it sends a browser at most one push message
    // for each room. If no message came during this time, the next message starts a round immediately.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A push message that has waited longer is dropped, because the user may have logged out meanwhile.
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    // The limits of one read of a room. The newest messages are enough, because each browser gets one push message for all of them.
    private const int MaxEvents = 200;
    private const int MaxBytes = 256 * 1024;
    private const int MaxReceivers = 10_000;

    private const int TopicBytes = 24; // 32 characters

    private readonly IPushStore _store;
    private readonly IRoomLog _log;
    private readonly RoomDirectory _rooms;
    private readonly SessionStore _sessions;
    private readonly INodes _nodes;
    private readonly Lazy<PushClient> _client;
    private readonly PushLimits _limits;
    private readonly PushOptions _options;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<PushDelivery> _logger;
    private readonly Channel<WaitingPush> _queue;

    // The rooms with new messages, each with the seq of its first new message.
    private readonly Dictionary<string, long> _pending = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0);

    // While this is false, the signals of rooms are ignored, so an event causes no work here.
    private volatile bool _hasSubscriptions;

    public PushDelivery(
        IPushStore store, IRoomLog log, RoomDirectory rooms, SessionStore sessions, INodes nodes, PushConnector connector, IOptions<PushOptions> options, ServerMetrics metrics, TimeProvider time, ILogger<PushDelivery> logger)
    {
        (_store, _log, _rooms, _sessions, _nodes) = (store, log, rooms, sessions, nodes);
        (_options, _metrics, _time, _logger) = (options.Value, metrics, time, logger);
        _client = new(() => new PushClient(connector, options, time));
        _limits = new PushLimits(_options.PerHour, time, logger);
        _queue = Channel.CreateBounded<WaitingPush>(new BoundedChannelOptions(_options.Queue) { SingleWriter = true });
    }

    /// <summary>Call this after a subscription was stored.</summary>
    public void OnSubscribed() => _hasSubscriptions = true;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.IsConfigured)
        {
            _hasSubscriptions |= await HasSubscriptionsAsync(cancellationToken);
            _rooms.EventsStored += OnEventsStored;
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _rooms.EventsStored -= OnEventsStored;
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
        _signal.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.IsConfigured)
            return;
        var senders = Enumerable.Range(0, _options.MaxConcurrent).Select(_ => RunSenderAsync(stoppingToken)).ToList();
        try
        {
            while (true)
            {
                await _signal.WaitAsync(stoppingToken);
                foreach (var (room, first) in TakePending())
                    await TryEnqueueAsync(room, first, stoppingToken);
                await Task.Delay(Interval, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }

        await Task.WhenAll(senders);
    }

    // If the storage fails now, the server assumes that there are subscriptions.
    private async Task<bool> HasSubscriptionsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _store.HasAnyAsync(cancellationToken);
        }
        catch (StorageException)
        {
            return true;
        }
    }

    // Called by the loop of a room.
    private void OnEventsStored(string room, long firstSeq)
    {
        if (!_hasSubscriptions)
            return;
        lock (_gate)
        {
            // If the room already has a pending signal, the smaller seq of that signal stays.
            if (_pending.TryAdd(room, firstSeq) && _pending.Count == 1)
                _signal.Release();
        }
    }

    private KeyValuePair<string, long>[] TakePending()
    {
        lock (_gate)
        {
            var taken = _pending.ToArray();
            _pending.Clear();
            return taken;
        }
    }

    private async Task TryEnqueueAsync(string room, long first, CancellationToken cancellationToken)
    {
        try
        {
            await EnqueueAsync(room, first, cancellationToken);
        }
        catch (StorageException fault)
        {
            Log.NotRead(_logger, fault, room);
        }
#pragma warning disable CA1031 // a fault in one room must not end the delivery for all rooms
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Log.SendingFailed(_logger, fault);
        }
    }

    // For each subscription of a member, queues one push message, about the newest message that concerns the member.
    private async Task EnqueueAsync(string room, long first, CancellationToken cancellationToken)
    {
        if (_rooms.FindOpen(room) is not { } found)
            return;
        var (now, isDirect) = (_time.GetUtcNow(), found.DirectUsers is not null);
        var receivers = (await _store.ListReceiversAsync(room, MaxReceivers, cancellationToken))
            .Where(receiver => !(receiver.Subscription.QuietUntil > now) && !IsConnected(receiver))
            .ToList();
        if (_nodes.IsEnabled && receivers.Count > 0)
        {
            var connected = await _nodes.FindConnectedAsync([.. receivers.Select(receiver => receiver.User).Distinct()], cancellationToken);
            receivers.RemoveAll(receiver => connected.Contains(receiver.User));
        }

        if (receivers.Count == 0)
            return;
        var messages = (await _log.ReadBeforeAsync(room, long.MaxValue, MaxEvents, MaxBytes, cancellationToken))
            .Where(stored => stored.Seq >= first && stored.Content.Kind == RoomEventKind.Message && !stored.IsDeleted)
            .Reverse()
            .ToList();
        // The room may have been removed during the reads, and another room with the same name may exist now. That room has other members.
        if (_rooms.FindOpen(room) != found)
            return;
        var topic = CreateTopic(found.Name);
        var contents = new Dictionary<long, string>();
        foreach (var receiver in receivers)
        {
            if (messages.FirstOrDefault(message => Concerns(receiver, message, isDirect)) is not { } newest)
                continue;
            if (!contents.TryGetValue(newest.Seq, out var content))
                contents.Add(newest.Seq, content = PushText.Create(found.Name, isDirect, newest));
            var push = new WaitingPush(receiver, content, topic, isDirect || Mentions(newest, receiver.User), _time.GetTimestamp());
            if (_limits.TryTake(receiver.Subscription.Endpoint))
            {
                if (_queue.Writer.TryWrite(push))
                    continue;
                _limits.GiveBack(receiver.Subscription.Endpoint);
            }

            _metrics.CountPush("dropped");
        }
    }

    private bool IsConnected(PushReceiver receiver) => _sessions.FindConnectedUser(receiver.User) is not null;

    // Whether a message concerns a receiver. The page uses the same rules for its own notifications (notification.mjs).
    internal static bool Concerns(PushReceiver receiver, RoomEvent message, bool isDirect) =>
        message.Content.Author != receiver.User
        && message.Seq > receiver.ReadSeq
        && receiver.Notify switch
        {
            "none" => false,
            "mentions" => Mentions(message, receiver.User),
            _ => isDirect || !receiver.Subscription.OnlyMentions || Mentions(message, receiver.User),
        };

    private static bool Mentions(RoomEvent message, string user) =>
        message.Content.Mentions?.Any(mentioned => mentioned == user || mentioned == NewEvent.Everybody) == true;

    // The push service can read the topic. The topic is an HMAC with the private key as its key, so the push service cannot find the room's name by
    // trying names.
    private string CreateTopic(string room) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_options.PrivateKey!), Encoding.UTF8.GetBytes(room)).AsSpan(0, TopicBytes));

    // One of MaxConcurrent senders: sends queued push messages until the server stops.
    private async Task RunSenderAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var push in _queue.Reader.ReadAllAsync(stoppingToken))
                await TrySendAsync(push, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task TrySendAsync(WaitingPush push, CancellationToken cancellationToken)
    {
        try
        {
            _metrics.CountPush(await SendAsync(push, cancellationToken));
        }
#pragma warning disable CA1031 // a failed message must not end the delivery
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            _metrics.CountPush("failed");
            Log.SendingFailed(_logger, fault);
        }
    }

    // Returns the result for the metric.
    private async Task<string> SendAsync(WaitingPush push, CancellationToken cancellationToken)
    {
        var subscription = push.Receiver.Subscription;
        if (_time.GetElapsedTime(push.At) > MaxAge || IsConnected(push.Receiver) || !_limits.MaySend(subscription.Endpoint))
        {
            _limits.GiveBack(subscription.Endpoint);
            return "dropped";
        }

        var result = await _client.Value.SendAsync(subscription, push.Content, push.Topic, push.IsUrgent, cancellationToken);
        _limits.Record(subscription.Endpoint, result);
        if (result.Outcome == PushOutcome.Gone)
            await _store.RemoveAsync(subscription.Endpoint, session: null, CancellationToken.None);
        return result.Outcome switch
        {
            PushOutcome.Delivered => "delivered",
            PushOutcome.Gone => "gone",
            _ => "failed",
        };
    }

    /// <summary>A message that waits to be sent.</summary>
    /// <param name="At">The timestamp at which the message began to wait.</param>
    private sealed record WaitingPush(PushReceiver Receiver, string Content, string Topic, bool IsUrgent, long At);
}
