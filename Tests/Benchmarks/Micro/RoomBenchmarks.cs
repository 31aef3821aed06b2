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
/// The room's loop without any wire: posts go in, ready bytes come out at every member's outbox, which only counts them. Each
/// figure is of one post. What waits together leaves together, so a thousand posts at once cost each member one delivery or
/// few; one at a time they cost a thousand each.
/// </summary>
[MemoryDiagnoser]
public class RoomBenchmarks
{
    private const int Posts = 1000;

    private readonly NewEvent _event = new(RoomEventKind.Message, "u1", "ann", "What is said in 128 bytes or so, which is about what people say in a chat when they have something to say and the time for it.");
    private readonly ClientFrame _frame = new() { Type = ClientFrameType.Say };
    private RoomLoop _room = null!;
    private Connection _speaker = null!;
    private Gate _gate = null!;

    [Params(1, 1000)]
    public int Members { get; set; }

    [GlobalSetup]
    public async Task OpenRoom()
    {
        var options = new RoomOptions();
        var log = new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = 10_000 }), TimeProvider.System);
        var state = await log.OpenAsync("lobby", CancellationToken.None);
        _room = new RoomLoop(new Room("lobby", "", null, isPrivate: false), state, log, new HistoryCache(Options.Create(options)), options, new FanoutOptions { GatherMilliseconds = 0 }, new Whereabouts(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        _ = _room.RunAsync();
        _gate = new Gate();
        for (var i = 0; i < Members; i++)
        {
            var connection = new Connection("benchmark", "", new ConnectionRequest(), new CountingOutbox(), TimeProvider.System);
            var entered = await _room.EnterAsync(connection, new Person($"u{i}", $"p{i}"));
            await _room.GoLiveAsync(connection, entered.Seq);
            _speaker = connection;
        }
    }

    [GlobalCleanup]
    public void CloseRoom() => _room.Stop();

    [Benchmark(Description = "one post at a time")]
    public async Task PostOneAsync()
    {
        var one = _gate.Expect(1);
        await _room.PostAsync(_speaker, _gate, _frame, _event);
        await one;
    }

    [Benchmark(Description = "a thousand posts at once, each", OperationsPerInvoke = Posts)]
    public async Task PostAsync()
    {
        var all = _gate.Expect(Posts);
        for (var i = 0; i < Posts; i++)
            await _room.PostAsync(_speaker, _gate, _frame, _event);
        await all;
    }

    /// <summary>Counts the acks of what was posted.</summary>
    private sealed class Gate : IFrameSink
    {
        private TaskCompletionSource _all = new();
        private int _owed;

        public Task Expect(int count)
        {
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _owed, count);
            return _all.Task;
        }

        public void Send(Outbound outbound)
        {
            if (Interlocked.Decrement(ref _owed) == 0)
                _all.SetResult();
        }
    }

    /// <summary>Takes the ready bytes, as a pipe would, and forgets them.</summary>
    private sealed class CountingOutbox : Outbox
    {
        private long _bytes;

        public override long QueuedBytes => 0;

        public override long LimitBytes => long.MaxValue;

        public override TimeSpan StuckFor => TimeSpan.Zero;

        public override SendResult Send(Outbound outbound)
        {
            _bytes += outbound.Wire(WebSocketEncoding.Json).Length;
            return SendResult.Accepted;
        }

        public override void SendFirst(Outbound outbound) => _bytes += 0;

        public override ValueTask<bool> DrainedAsync() => ValueTask.FromResult(true);

        public override void Complete(Outbound? farewell, Disconnect reason)
        {
        }
    }
}
