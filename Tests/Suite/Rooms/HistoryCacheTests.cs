using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;

namespace RawSocketChat.Tests.Rooms;

public sealed class HistoryCacheTests
{
    private static readonly int BlockBytes = CreateEvents(0, 64).Sum(found => found.MemoryBytes);

    private int _loads;

    [SetUp]
    public void Reset() => _loads = 0;

    [Test]
    public async Task Cache_loads_a_block_once_for_many_readers()
    {
        var cache = CreateCache();
        var gate = new TaskCompletionSource();
        var readers = Enumerable.Range(0, 100).Select(_ => cache.GetAsync("a", 0, 64, async block =>
        {
            _loads++;
            await gate.Task;
            return CreateEvents(block, 64);
        })).ToList();
        gate.SetResult();
        (await Task.WhenAll(readers)).Should().OnlyContain(events => events.Count == 64 && events[0].Seq == 1);
        _loads.Should().Be(1);
    }

    [Test]
    public async Task Cache_reloads_a_block_that_has_grown_but_never_a_full_block()
    {
        var cache = CreateCache();
        (await cache.GetAsync("a", 1, neededSeq: 70, Load(6))).Should().HaveCount(6);
        (await cache.GetAsync("a", 1, neededSeq: 69, Load(64))).Should().HaveCount(6);
        (await cache.GetAsync("a", 1, neededSeq: 71, Load(64))).Should().HaveCount(64);
        (await cache.GetAsync("a", 1, neededSeq: 128, Load(64))).Should().HaveCount(64);
        _loads.Should().Be(2);
    }

    [Test]
    public async Task Rooms_do_not_share_blocks()
    {
        var cache = CreateCache();
        await cache.GetAsync("a", 0, 1, Load(1));
        (await cache.GetAsync("b", 0, 1, Load(2))).Should().HaveCount(2);
    }

    [Test]
    public async Task Cache_over_its_limit_evicts_the_least_recently_used_block()
    {
        var cache = CreateCache(bytes: 3 * BlockBytes);
        for (var block = 0; block < 3; block++)
            await cache.GetAsync("a", block, 1, Load(64));
        await cache.GetAsync("a", 0, 1, Load(64));
        await cache.GetAsync("a", 3, 1, Load(64));
        cache.Bytes.Should().Be(3 * BlockBytes);
        _loads = 0;
        await cache.GetAsync("a", 0, 1, Load(64));
        _loads.Should().Be(0);
        await cache.GetAsync("a", 1, 1, Load(64));
        _loads.Should().Be(1);
    }

    [Test]
    public async Task Cache_reports_a_failed_load_and_loads_again_for_the_next_reader()
    {
        var cache = CreateCache();
        var failing = () => cache.GetAsync("a", 0, 1, _ => throw new IOException("gone"));
        await failing.Should().ThrowAsync<IOException>();
        (await cache.GetAsync("a", 0, 1, Load(64))).Should().HaveCount(64);
        cache.Bytes.Should().Be(BlockBytes);
    }

    private Func<long, Task<IReadOnlyList<EventFrame>>> Load(int count) => block =>
    {
        _loads++;
        return Task.FromResult(CreateEvents(block, count));
    };

    private static IReadOnlyList<EventFrame> CreateEvents(long block, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new EventFrame(HistoryCache.GetFirstSeq(block) + i, new EncodedFrame(new byte[10])))];

    private static HistoryCache CreateCache(int bytes = 1024 * 1024) => new(Options.Create(new RoomOptions { HistoryBytes = bytes }));
}
