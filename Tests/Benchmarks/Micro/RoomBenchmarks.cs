using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>
/// Measures the room loop without a network. The room encodes each message once and passes the bytes to the outbox of each member. The
/// outboxes only count the bytes. Each result is per message. The room sends all waiting messages as one batch, so 1,000 messages that are
/// posted together need few sends to each member.
/// </summary>
[MemoryDiagnoser]
public class RoomBenchmarks
{
    private const int Posts = 1000;

    private readonly NewEvent _event = new(RoomEventKind.Message, "u1", "ann", "This text has 128 bytes, the length of a typical chat message. A longer text would measure copying instead of the cost per post.");
    private readonly ClientFrame _frame = new() { Type = ClientFrameType.Say };
    private RoomLoop _room = null!;
    private Connection _speaker = null!;
    private AckCounter _acks = null!;

    [Params(1, 1000)]
    public int Members { get; set; }

    [GlobalSetup]
    public async Task OpenRoom()
    {
        var options = new RoomOptions();
        var log = new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = 10_000 }), TimeProvider.System);
        var state = await log.OpenAsync("lobby", CancellationToken.None);
        _room = new RoomLoop(new Room("lobby", "", isPrivate: false), RoomModeration.Empty, state, log, new HistoryCache(Options.Create(options)), new TailBudget(Options.Create(options)), options, new FanoutOptions { GatherMilliseconds = 0 }, new UserRoomIndex(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        _ = _room.RunAsync();
        _acks = new AckCounter();
        for (var i = 0; i < Members; i++)
        {
            var connection = new Connection("benchmark", "", new ConnectionRequest(), new CountingOutbox(), TimeProvider.System);
            var entered = await _room.JoinAsync(connection, new RoomVisitor(new Person($"u{i}", $"p{i}")));
            await _room.GoLiveAsync(connection, entered!.Seq);
            _speaker = connection;
        }
    }

    [GlobalCleanup]
    public void CloseRoom() => _room.Stop();

    [Benchmark(Description = "one post at a time")]
    public async Task PostOneAsync()
    {
        var one = _acks.ExpectAsync(1);
        await _room.PostAsync(_speaker, _acks, _frame, _event);
        await one;
    }

    [Benchmark(Description = "1,000 posts together, per post", OperationsPerInvoke = Posts)]
    public async Task PostAsync()
    {
        var all = _acks.ExpectAsync(Posts);
        for (var i = 0; i < Posts; i++)
            await _room.PostAsync(_speaker, _acks, _frame, _event);
        await all;
    }

    /// <summary>Counts the acks of the posted messages.</summary>
    private sealed class AckCounter : IFrameSink
    {
        private TaskCompletionSource _all = new();
        private int _remaining;

        public Task ExpectAsync(int count)
        {
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _remaining, count);
            return _all.Task;
        }

        public void Send(EncodedMessage outbound)
        {
            if (Interlocked.Decrement(ref _remaining) == 0)
                _all.SetResult();
        }
    }

    /// <summary>An outbox that only counts bytes.</summary>
    private sealed class CountingOutbox : Outbox
    {
        private long _bytes;

        public override long QueuedBytes => 0;

        public override long LimitBytes => long.MaxValue;

        public override TimeSpan BlockedFor => TimeSpan.Zero;

        public override SendResult Send(EncodedMessage outbound)
        {
            _bytes += outbound.GetBytes(WebSocketEncoding.Json).Length;
            return SendResult.Accepted;
        }

        public override void SendFirst(EncodedMessage outbound) => _bytes += 0;

        public override ValueTask<bool> WaitForDrainAsync() => ValueTask.FromResult(true);

        public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
        {
        }
    }
}
