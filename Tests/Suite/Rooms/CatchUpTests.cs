using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

/// <summary>How a connection gets the events that it has missed, if the storage is slow or cannot be read.</summary>
public sealed class CatchUpTests
{
    private const int EventCount = 500;

    private StoredLog _log = null!;
    private RoomLoop _room = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _log = new StoredLog();
        await _log.OpenAsync("lobby", default);
        await _log.AppendAsync("lobby", [.. Enumerable.Range(1, EventCount).Select(i => new NewEvent(RoomEventKind.Message, "u1", "ann", $"{i}"))], default);
        var options = new RoomOptions();
        _room = new RoomLoop(
            new Room("lobby", "", isPrivate: false), RoomModeration.Empty, await _log.OpenAsync("lobby", default), _log, new HistoryCache(Options.Create(options)), new TailBudget(Options.Create(options)), options, new FanoutOptions(), new UserRoomIndex(), TimeProvider.System, NullLogger<RoomLoop>.Instance);
        _ = _room.RunAsync();
    }

    [TearDown]
    public void Stop() => _room.Stop();

    [Test]
    public async Task Connection_stays_open_and_gets_all_missed_events_if_the_storage_fails_for_a_time()
    {
        var outbox = new CursorOutbox(1024 * 1024, start: 0);
        var connection = new Connection("test", "somewhere", new ConnectionRequest(), outbox, TimeProvider.System);
        await _room.JoinAsync(connection, new RoomVisitor(new Person("u2", "bob")));
        _log.FailingReads = 9;
        var time = new FakeTimeProvider();
        var finished = new CatchUp(connection, _room, 0, time, NullLogger.Instance).FinishAsync();
        await TestWait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return finished.IsCompleted;
            },
            "the end of the catch-up");

        connection.IsOpen.Should().BeTrue();
        var (cursor, frames) = (0L, new List<EncodedFrame>());
        outbox.Read(ref cursor, frames, long.MaxValue, asStream: true);
        frames.Select(frame => ChatCodec.TryReadServer(frame.Payload.Span, out var read) ? ((MessageFrame)read).Seq : 0).Should().Equal(Enumerable.Range(1, EventCount).Select(seq => (long)seq));
    }

    [Test]
    public async Task Blocks_of_a_page_are_loaded_at_the_same_time()
    {
        _log.WaitForReads = (200 + HistoryCache.BlockEvents - 1) / HistoryCache.BlockEvents;
        var page = await _room.History.ReadAfterAsync(0, 200).AsTask().OrFail("the page");
        page.Select(found => found.Seq).Should().Equal(Enumerable.Range(1, 200).Select(seq => (long)seq));
    }

    private sealed class StoredLog : IRoomLog
    {
        private readonly MemoryRoomLog _memory = new(Options.Create(new DataOptions()), TimeProvider.System);
        private readonly TaskCompletionSource _allRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _reads;

        /// <summary>The number of reads that will fail.</summary>
        public int FailingReads { get; set; }

        /// <summary>Each read ends only when this number of reads have begun.</summary>
        public int WaitForReads { get; set; }

        public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken) => _memory.OpenAsync(room, cancellationToken);

        public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken) =>
            _memory.AppendAsync(room, batch, cancellationToken);

        public async ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
        {
            if (FailingReads > 0)
            {
                FailingReads--;
                throw new StorageException("the test lets the read fail");
            }

            if (Interlocked.Increment(ref _reads) >= WaitForReads)
                _allRead.TrySetResult();
            await _allRead.Task;
            return await _memory.ReadAfterAsync(room, after, max, maxBytes, cancellationToken);
        }

        public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken) =>
            _memory.ReadBeforeAsync(room, before, max, maxBytes, cancellationToken);
    }
}
