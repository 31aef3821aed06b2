using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every room log must follow.</summary>
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
    public async Task Repeated_client_id_stores_no_event_even_in_another_batch_or_room()
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
    public async Task Append_with_OnlyIfDuplicate_never_stores_an_event()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("x", "id")], default);
        var results = await log.AppendAsync("a", [Repeat("id"), Repeat("new"), Repeat("new"), Repeat(null)], default);
        results.Select(result => (result.Seq, result.IsDuplicate, result.Rejection)).First().Should().Be((1L, true, AppendRejection.None));
        results.Skip(1).Should().OnlyContain(result => !result.IsDuplicate && result.Event == null && result.Rejection == AppendRejection.NotDuplicate);
        (await log.AppendAsync("a", [NewMessage("y", "new")], default))[0].Should().Match<AppendResult>(result => result.Seq == 2 && !result.IsDuplicate);

        static NewEvent Repeat(string? id) => NewMessage("x", id) with { OnlyIfDuplicate = true };
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

    [Test]
    public async Task Edit_replaces_the_text_of_its_message_and_of_earlier_edits()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero));
        var log = Open(1000, time);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("first") with { Reply = 1, Me = true, Mentions = ["u9"] }], default);
        time.Advance(TimeSpan.FromSeconds(5));

        var edited = (await log.AppendAsync("a", [Change(RoomEventKind.Edited, 1) with { Text = "second", Mentions = ["u8"] }], default))[0];
        edited.Event!.Content.Text.Should().Be("second");
        edited.WasEdited.Should().BeFalse();
        edited.Changed!.Content.Should().BeEquivalentTo(NewMessage("second") with { Reply = 1, Me = true, Mentions = ["u8"] });
        (await log.AppendAsync("a", [Change(RoomEventKind.Edited, 1) with { Text = "third" }], default))[0].WasEdited.Should().BeTrue();

        var page = await log.ReadAfterAsync("a", 0, 10, 10_000, default);
        page.Select(found => (found.Content.Kind, found.Content.Text, found.Content.Of)).Should().Equal(
            (RoomEventKind.Message, "third", null), (RoomEventKind.Edited, "third", 1), (RoomEventKind.Edited, "third", 1));
        page[0].EditedAt.Should().Be(time.GetUtcNow());
    }

    [Test]
    public async Task Deletion_removes_the_text_and_the_mentions_and_the_reactions()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("secret") with { Reply = 1, Mentions = ["u9"] }, Change(RoomEventKind.Edited, 1) with { Text = "more secret" }, React(1, "👍", "bob")], default);

        (await log.AppendAsync("a", [Change(RoomEventKind.Deleted, 1) with { Author = "bob" }], default))[0].Changed.Should().BeEquivalentTo(
            new { IsDeleted = true, Reactions = Array.Empty<StoredReaction>(), Content = NewMessage("") with { Reply = 1 } });

        var page = await log.ReadAfterAsync("a", 0, 10, 10_000, default);
        page.Select(found => found.Content.Text).Should().AllBe("");
        page[0].Should().Match<RoomEvent>(found => found.IsDeleted && found.Reactions.Count == 0 && found.Content.Mentions == null);
    }

    [Test]
    public async Task Message_has_its_reactions_in_the_order_of_adding()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("x"), NewMessage("y"), React(2, "👍", "bob"), React(2, "🎉", "ann"), React(2, "👍", "ann"), React(1, "🎉", "ann")], default);

        (await log.AppendAsync("a", [React(2, "🎉", "ann") with { Off = true }, React(2, "👍", "bob")], default))
            .Select(result => (result.Event?.Seq, result.IsDuplicate)).Should().Equal((7, false), (null, true));

        var page = await log.ReadBeforeAsync("a", 3, 10, 10_000, default);
        page[0].Reactions.Should().Equal(new StoredReaction("🎉", "ann", "ann"));
        page[1].Reactions.Should().Equal(new StoredReaction("👍", "bob", "bob"), new StoredReaction("👍", "ann", "ann"));
        (await log.ReadAfterAsync("a", 1, 1, 10_000, default))[0].Reactions.Should().HaveCount(2);
    }

    [Test]
    public async Task Log_rejects_changes_of_missing_messages_and_of_other_events()
    {
        var log = Open(3, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("trimmed"), new NewEvent(RoomEventKind.Topic, "ann", "ann", "topic"), NewMessage("x"), NewMessage("of bob") with { Author = "bob" }], default);

        foreach (var of in (long[])[0, 1, 2, 5, long.MaxValue])
        {
            foreach (var kind in (RoomEventKind[])[RoomEventKind.Edited, RoomEventKind.Deleted, RoomEventKind.Reacted])
            {
                var result = (await log.AppendAsync("a", [Change(kind, of) with { Emoji = "👍" }], default))[0];
                result.Should().Match<AppendResult>(found => found.Rejection == AppendRejection.NotFound && found.Event == null, $"{kind} of {of}");
            }
        }

        (await log.AppendAsync("a", [Change(RoomEventKind.Edited, 4) with { Text = "of ann" }], default))[0].Rejection.Should().Be(AppendRejection.NotAuthor);
        (await log.OpenAsync("a", default)).Last.Should().Be(4);
    }

    [Test]
    public async Task Message_has_a_maximum_number_of_reactions()
    {
        var log = Open(1000, TimeProvider.System);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [NewMessage("x"), .. Enumerable.Range(0, MessageChanges.MaxReactions).Select(i => React(1, "👍", $"u{i}"))], default);
        (await log.AppendAsync("a", [React(1, "👍", "one-more")], default))[0].Rejection.Should().Be(AppendRejection.TooMany);
        (await log.AppendAsync("a", [React(1, "👍", "u0") with { Off = true }, React(1, "👍", "one-more")], default)).Select(result => result.Rejection)
            .Should().AllBeEquivalentTo(AppendRejection.None);
    }

    private static NewEvent Change(RoomEventKind kind, long of) => new(kind, "ann", "ann", "") { Of = of };

    private static NewEvent React(long of, string emoji, string user) => new(RoomEventKind.Reacted, user, user, "") { Of = of, Emoji = emoji };

    private static IEnumerable<long> Seqs(IReadOnlyList<RoomEvent> page) => page.Select(found => found.Seq);

    private static NewEvent NewMessage(string text, string? id = null) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}

public sealed class MemoryRoomLogTests : RoomLogContract
{
    protected override IRoomLog Open(int keepEvents, TimeProvider time) =>
        new MemoryRoomLog(Options.Create(new DataOptions { KeepEvents = keepEvents }), time);
}
