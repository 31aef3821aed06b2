using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every room log must keep.</summary>
public abstract class RoomLogContract
{
    protected abstract IRoomLog Open(int keepEvents, TimeProvider time);

    [Test]
    public async Task Sequence_numbers_have_no_gaps_and_are_separate_for_each_room()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.OpenAsync("b", default);

        (await log.AppendAsync("a", [NewMessage("1"), NewMessage("2")], default)).Select(entry => entry.Seq).Should().Equal(1, 2);
        (await log.AppendAsync("b", [NewMessage("1")], default)).Select(entry => entry.Seq).Should().Equal(1);
        (await log.AppendAsync("a", [NewMessage("3")], default)).Select(entry => entry.Seq).Should().Equal(3);
        (await log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 1 && state.Last == 3);
    }

    [Test]
    public async Task Log_stores_a_client_id_only_once_even_in_another_batch_or_room()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.OpenAsync("b", default);

        var batch = await log.AppendAsync("a", [NewMessage("x", "id"), NewMessage("y"), NewMessage("x", "id")], default);
        batch.Select(entry => (entry.Seq, entry.IsDuplicate)).Should().Equal((1, false), (2, false), (1, true));
        (await log.AppendAsync("a", [NewMessage("x", "id")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Seq == 1);
        (await log.AppendAsync("b", [NewMessage("x", "id")], default))[0].Should().Match<AppendResult>(entry => entry.IsDuplicate && entry.Room == "a");
        (await log.AppendAsync("a", [new NewEvent(RoomEventKind.Message, "bob", "bob", "x", ClientId: "id")], default))[0].IsDuplicate
            .Should().BeFalse("each author has separate client ids");
    }

    [Test]
    public async Task Event_times_are_the_times_of_the_append_in_milliseconds()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero).AddTicks(4567));
        var log = Open(1000, time);
        await log.OpenAsync("a", default);
        (await log.AppendAsync("a", [NewMessage("x")], default))[0].At.Should().Be(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero));
    }

    [Test]
    public async Task Pages_are_ordered_and_bounded_by_count_and_bytes()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [.. Enumerable.Range(1, 100).Select(i => NewMessage(new string('x', 10)))], default);

        Seqs(await log.ReadAfterAsync("a", 10, 5, 10_000, default)).Should().Equal(11, 12, 13, 14, 15);
        Seqs(await log.ReadAfterAsync("a", 98, 5, 10_000, default)).Should().Equal(99, 100);
        Seqs(await log.ReadAfterAsync("a", 100, 5, 10_000, default)).Should().BeEmpty();
        Seqs(await log.ReadBeforeAsync("a", 10, 3, 10_000, default)).Should().Equal(7, 8, 9);
        Seqs(await log.ReadBeforeAsync("a", long.MaxValue, 2, 10_000, default)).Should().Equal(99, 100);
        Seqs(await log.ReadAfterAsync("a", 0, 50, 25, default)).Should().Equal(1, 2);
        Seqs(await log.ReadBeforeAsync("a", 51, 50, 25, default)).Should().Equal(49, 50);
        Seqs(await log.ReadAfterAsync("a", 0, 50, 1, default)).Should().Equal([1], "a page contains at least one event, even if it exceeds the bound");
    }

    [Test]
    public async Task Trimming_removes_the_oldest_events_and_sequence_numbers_continue()
    {
        var log = Open(10, TimeProvider.System);
        await log.OpenAsync("a", default);
        for (var i = 0; i < 100; i++)
            await log.AppendAsync("a", [NewMessage($"{i}", $"{i}")], default);

        (await log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 91 && state.Last == 100);
        Seqs(await log.ReadAfterAsync("a", 0, 100, 10_000, default)).Should().Equal(Enumerable.Range(91, 10).Select(seq => (long)seq));
        (await log.AppendAsync("a", [NewMessage("new", "0")], default))[0].IsDuplicate.Should().BeFalse("the log stores a client id until the event of this id is removed");
    }

    private static IEnumerable<long> Seqs(IReadOnlyList<RoomEvent> page) => page.Select(found => found.Seq);

    private static NewEvent NewMessage(string text, string? id = null) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}

public sealed class MemoryRoomLogTests : RoomLogContract
{
    protected override IRoomLog Open(int keepEvents, TimeProvider time) =>
        new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = keepEvents }), time);
}
