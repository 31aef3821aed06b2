using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>What every log must keep.</summary>
public abstract class RoomLogContract
{
    protected abstract IRoomLog Open(int keepEvents, TimeProvider time);

    [Test]
    public async Task Seqs_count_without_a_hole_and_each_room_counts_for_itself()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.OpenAsync("b", default);

        (await log.AppendAsync("a", [Said("1"), Said("2")], default)).Select(entry => entry.Seq).Should().Equal(1, 2);
        (await log.AppendAsync("b", [Said("1")], default)).Select(entry => entry.Seq).Should().Equal(1);
        (await log.AppendAsync("a", [Said("3")], default)).Select(entry => entry.Seq).Should().Equal(3);
        (await log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 1 && state.Last == 3);
    }

    [Test]
    public async Task A_client_id_is_stored_once_in_one_batch_in_two_and_in_two_rooms()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.OpenAsync("b", default);

        var batch = await log.AppendAsync("a", [Said("x", "id"), Said("y"), Said("x", "id")], default);
        batch.Select(entry => (entry.Seq, entry.IsDuplicate)).Should().Equal((1, false), (2, false), (1, true));
        (await log.AppendAsync("a", [Said("x", "id")], default))[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Seq == 1);
        (await log.AppendAsync("b", [Said("x", "id")], default))[0].Should().Match<Appended>(entry => entry.IsDuplicate && entry.Room == "a");
        (await log.AppendAsync("a", [new NewEvent(RoomEventKind.Message, "bob", "bob", "x", ClientId: "id")], default))[0].IsDuplicate
            .Should().BeFalse("ids are each author's own");
    }

    [Test]
    public async Task Times_are_those_of_the_append_to_the_millisecond()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero).AddTicks(4567));
        var log = Open(1000, time);
        await log.OpenAsync("a", default);
        (await log.AppendAsync("a", [Said("x")], default))[0].At.Should().Be(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero));
    }

    [Test]
    public async Task Pages_are_in_order_and_bounded_by_count_and_by_bytes()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [.. Enumerable.Range(1, 100).Select(i => Said(new string('x', 10)))], default);

        Seqs(await log.ReadAfterAsync("a", 10, 5, 10_000, default)).Should().Equal(11, 12, 13, 14, 15);
        Seqs(await log.ReadAfterAsync("a", 98, 5, 10_000, default)).Should().Equal(99, 100);
        Seqs(await log.ReadAfterAsync("a", 100, 5, 10_000, default)).Should().BeEmpty();
        Seqs(await log.ReadBeforeAsync("a", 10, 3, 10_000, default)).Should().Equal(7, 8, 9);
        Seqs(await log.ReadBeforeAsync("a", long.MaxValue, 2, 10_000, default)).Should().Equal(99, 100);
        Seqs(await log.ReadAfterAsync("a", 0, 50, 25, default)).Should().Equal(1, 2);
        Seqs(await log.ReadBeforeAsync("a", 51, 50, 25, default)).Should().Equal(49, 50);
        Seqs(await log.ReadAfterAsync("a", 0, 50, 1, default)).Should().Equal([1], "one event comes even where it is larger than the bound");
    }

    [Test]
    public async Task What_is_trimmed_is_gone_from_the_beginning_and_seqs_go_on()
    {
        var log = Open(10, TimeProvider.System);
        await log.OpenAsync("a", default);
        for (var i = 0; i < 100; i++)
            await log.AppendAsync("a", [Said($"{i}", $"{i}")], default);

        (await log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 91 && state.Last == 100);
        Seqs(await log.ReadAfterAsync("a", 0, 100, 10_000, default)).Should().Equal(Enumerable.Range(91, 10).Select(seq => (long)seq));
        (await log.AppendAsync("a", [Said("new", "0")], default))[0].IsDuplicate.Should().BeFalse("an id is kept as long as its event");
    }

    private static IEnumerable<long> Seqs(IReadOnlyList<RoomEvent> page) => page.Select(found => found.Seq);

    private static NewEvent Said(string text, string? id = null) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}

public sealed class MemoryRoomLogTests : RoomLogContract
{
    protected override IRoomLog Open(int keepEvents, TimeProvider time) =>
        new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = keepEvents }), time);
}
