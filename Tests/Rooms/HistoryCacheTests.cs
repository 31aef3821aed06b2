using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;

namespace RawSocketChat.Tests.Rooms;

public sealed class HistoryCacheTests
{
    private int _loads;

    [SetUp]
    public void Begin() => _loads = 0;

    [Test]
    public async Task Many_readers_of_one_block_load_it_once()
    {
        var cache = Cache();
        var gate = new TaskCompletionSource();
        var readers = Enumerable.Range(0, 100).Select(_ => cache.GetAsync("a", 0, 64, async block =>
        {
            _loads++;
            await gate.Task;
            return Events(block, 64);
        })).ToList();
        gate.SetResult();
        (await Task.WhenAll(readers)).Should().OnlyContain(events => events.Count == 64 && events[0].Seq == 1);
        _loads.Should().Be(1);
    }

    [Test]
    public async Task A_block_that_has_grown_since_is_loaded_again_and_a_full_one_never()
    {
        var cache = Cache();
        (await cache.GetAsync("a", 1, needed: 70, Load(6))).Should().HaveCount(6);
        (await cache.GetAsync("a", 1, needed: 69, Load(64))).Should().HaveCount(6);
        (await cache.GetAsync("a", 1, needed: 71, Load(64))).Should().HaveCount(64);
        (await cache.GetAsync("a", 1, needed: 128, Load(64))).Should().HaveCount(64);
        _loads.Should().Be(2);
    }

    [Test]
    public async Task Rooms_do_not_share_blocks()
    {
        var cache = Cache();
        await cache.GetAsync("a", 0, 1, Load(1));
        (await cache.GetAsync("b", 0, 1, Load(2))).Should().HaveCount(2);
    }

    [Test]
    public async Task What_was_read_least_recently_is_forgotten_beyond_the_bound()
    {
        var cache = Cache(bytes: 64 * 3 * 10);
        for (var block = 0; block < 3; block++)
            await cache.GetAsync("a", block, 1, Load(64));
        await cache.GetAsync("a", 0, 1, Load(64));
        await cache.GetAsync("a", 3, 1, Load(64));
        cache.Bytes.Should().Be(64 * 3 * 10);
        _loads = 0;
        await cache.GetAsync("a", 0, 1, Load(64));
        _loads.Should().Be(0);
        await cache.GetAsync("a", 1, 1, Load(64));
        _loads.Should().Be(1);
    }

    [Test]
    public async Task What_could_not_be_loaded_is_told_and_tried_again_by_the_next()
    {
        var cache = Cache();
        var failing = () => cache.GetAsync("a", 0, 1, _ => throw new IOException("gone"));
        await failing.Should().ThrowAsync<IOException>();
        (await cache.GetAsync("a", 0, 1, Load(64))).Should().HaveCount(64);
        cache.Bytes.Should().Be(640);
    }

    private Func<long, Task<IReadOnlyList<EventFrame>>> Load(int count) => block =>
    {
        _loads++;
        return Task.FromResult(Events(block, count));
    };

    private static IReadOnlyList<EventFrame> Events(long block, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new EventFrame(HistoryCache.FirstOf(block) + i, new OutboundFrame(new byte[10])))];

    private static HistoryCache Cache(int bytes = 1024 * 1024) => new(Options.Create(new RoomOptions { HistoryBytes = bytes }));
}
