using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Storage;

/// <summary>Retention removes the oldest events, by age and by number, and keeps the rest unchanged.</summary>
public sealed class RetentionTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));

    [TestCase(3_000, 5_000)]
    [TestCase(10, 20)]
    [TestCase(6_000, 10)]
    public async Task KeepDays_removes_older_events(int old, int young)
    {
        using var storage = new TestStorage(_time, keepDays: 6);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("quiet", default);
        await storage.Log.AppendAsync("quiet", [CreateMessage("q", "q")], default);
        await AppendAsync(storage, "old", old);
        _time.Advance(TimeSpan.FromDays(5));
        await AppendAsync(storage, "young", young);
        _time.Advance(TimeSpan.FromDays(5.5));

        await TrimAsync(storage);

        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == old + 1 && state.Last == old + young);
        (await storage.Log.ReadAfterAsync("a", 0, 1, 1_000, default))[0].Content.Text.Should().Be("young 0");
        (await storage.Log.OpenAsync("quiet", default)).Should().Match<RoomLogState>(state => state.First == 2 && state.Last == 1);

        storage.Reopen();
        await TrimAsync(storage);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == old + 1 && state.Last == old + young);
        (await storage.Log.OpenAsync("quiet", default)).Last.Should().Be(1, "sequence numbers continue after all events are removed");
        (await storage.Log.AppendAsync("quiet", [CreateMessage("q", "q")], default))[0].Should().Match<AppendResult>(entry => !entry.IsDuplicate && entry.Seq == 2, "the storage keeps a client id until its event is removed");
        (await storage.Log.AppendAsync("a", [CreateMessage("x", "old 0"), CreateMessage("x", "young 0")], default)).Select(entry => entry.IsDuplicate).Should().Equal(false, true);
    }

    [Test]
    public async Task Events_are_not_removed_by_age_while_the_clock_is_not_trusted()
    {
        using var storage = new TestStorage(_time, keepDays: 6, keepEvents: 50);
        await storage.Log.OpenAsync("a", default);
        await AppendAsync(storage, "m", 100);
        _time.Advance(TimeSpan.FromDays(400));
        await Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default, isClockTrusted: false);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 51 && state.Last == 100, "the limit on the number of events still applies");
    }

    [Test]
    public async Task Server_keeps_all_events_and_logs_a_line_if_its_clock_is_far_ahead_of_the_newest_event()
    {
        using var folder = new TemporaryFolder();
        await using (var before = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(before.HttpPort, "ann");
            await ann.SayAsync("hi");
            await ann.DisposeAsync();
        }

        var log = new RecordedLog(LogLevel.Warning);
        var wrong = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(400));
        await using (var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(wrong).AddSingleton<ILoggerProvider>(log), "--Data:Path", folder.Path, "--Data:KeepDays", "30"))
            await TestWait.UntilAsync(() => log.Lines.Any(line => line.Contains("removes nothing because of its age", StringComparison.Ordinal)), "the warning");

        await using var after = await ServerUnderTest.StartAsync("--Data:Path", folder.Path, "--Data:KeepDays", "30");
        var (bob, joined) = await ChatClient.JoinAsync(after.HttpPort, "bob");
        await using var __ = bob;
        joined.Messages.DecodeMessages().Select(message => message.Text).Should().Equal("hi");
    }

    [Test]
    public async Task Trimmed_events_are_deleted_from_the_database()
    {
        using var storage = new TestStorage(_time, keepEvents: 100);
        await storage.Log.OpenAsync("a", default);
        await AppendAsync(storage, "m", 7_000);
        await TrimAsync(storage);
        (await CountAsync(storage, "events")).Should().Be(100);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == 6_901 && state.Last == 7_000);
    }

    [Test]
    public async Task MaxBytes_removes_the_oldest_events_of_the_largest_rooms()
    {
        const long max = 4_000_000;
        using var storage = new TestStorage(_time, maxBytes: max);
        await storage.Log.OpenAsync("small", default);
        await storage.Log.AppendAsync("small", [CreateMessage("s", "s")], default);
        await storage.Log.OpenAsync("a", default);
        var last = 0L;
        while (await storage.Storage.GetUsedBytesAsync(default) < max / 100 * 95)
            last = await AppendLongTextsAsync();

        await Retention.TrimToMaxBytesAsync(storage.Storage, NullLogger.Instance, default);
        (await storage.Storage.GetUsedBytesAsync(default)).Should().BeInRange(max / 2, max / 10 * 9);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First > 500 && state.Last == last);
        (await storage.Log.OpenAsync("small", default)).First.Should().Be(1);

        var filling = async () =>
        {
            for (var i = 0; i < 1_000; i++)
                await AppendLongTextsAsync();
        };
        (await filling.Should().ThrowAsync<StorageException>("the database cannot grow beyond the maximum")).WithMessage("*Data:MaxBytes*");
        new FileInfo(Path.Combine(storage.Folder, "chat.db")).Length.Should().BeLessThanOrEqualTo(max);
        await Retention.TrimToMaxBytesAsync(storage.Storage, NullLogger.Instance, default);
        await AppendAsync(storage, "again", 10);

        async Task<long> AppendLongTextsAsync() =>
            (await storage.Log.AppendAsync("a", [.. Enumerable.Range(0, 100).Select(_ => CreateMessage(new string('m', 200), $"{Guid.NewGuid()}"))], default))[^1].Seq;
    }

    [Test]
    public async Task Client_ids_are_deleted_after_ClientIdDays()
    {
        using var storage = new TestStorage(_time);
        await storage.Log.OpenAsync("a", default);
        await AppendAsync(storage, "old", 3_000);
        _time.Advance(TimeSpan.FromDays(5));
        await AppendAsync(storage, "young", 2_000);
        _time.Advance(TimeSpan.FromDays(3));
        await Retention.RemoveClientIdsAsync(storage.Storage, default);
        (await CountAsync(storage, "client_ids")).Should().Be(2_000);
        (await CountAsync(storage, "events")).Should().Be(5_000);
    }

    [Test]
    public async Task Memberships_and_read_marks_of_removed_guests_are_deleted()
    {
        using var storage = new TestStorage(_time);
        await storage.Log.OpenAsync("a", default);
        foreach (var user in (string[])["account", "guest", "gone"])
        {
            await storage.Catalog.SetMemberAsync("a", user, isMember: true, readSeq: 0, default);
            await storage.Catalog.AdvanceReadMarkAsync("a", user, 1, default);
        }

        await storage.Identities.TryAddAccountAsync(new StoredAccount("account", "ann", "", _time.GetUtcNow()), ["ann"], default);
        await storage.Identities.SaveSessionAsync(new StoredSession("hash", "guest", "bob", IsGuest: true, AwaySince: null), default);
        await Retention.RemoveForgottenUsersAsync(storage.Storage, default);

        (await storage.Catalog.GetRoomsAsync("account", default)).Should().Equal("a");
        (await storage.Catalog.GetRoomsAsync("guest", default)).Should().Equal("a");
        (await storage.Catalog.GetRoomsAsync("gone", default)).Should().BeEmpty();
        ((await storage.Catalog.GetMemberAsync("a", "guest", default))?.ReadSeq ?? 0).Should().Be(1);
        ((await storage.Catalog.GetMemberAsync("a", "gone", default))?.ReadSeq ?? 0).Should().Be(0);
    }

    [Test]
    public async Task Server_trims_at_the_start_and_reports_the_gap_to_a_client()
    {
        using var folder = new TemporaryFolder();
        await using (var before = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:Path", folder.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(before.HttpPort, "ann");
            for (var i = 0; i < 20; i++)
                await ann.SayAsync($"{i}");
            await ann.DisposeAsync();
        }

        await using var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path, "--Data:KeepEvents", "5");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 3));
        joined.Recovered.Should().BeFalse();
        joined.Messages.DecodeMessages().Select(message => message.Text).Should().Equal("15", "16", "17", "18", "19");
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 4, 15));
    }

    private static async Task AppendAsync(TestStorage storage, string what, int count)
    {
        for (var said = 0; said < count; said += 1_000)
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(said, Math.Min(1_000, count - said)).Select(i => CreateMessage($"{what} {i}", $"{what} {i}"))], default);
    }

    private static Task TrimAsync(TestStorage storage) => Retention.TrimEventsAsync(storage.Storage, NullLogger.Instance, default);

    private static async Task<long> CountAsync(TestStorage storage, string table) =>
        await storage.Storage.ReadAsync(table, reader => reader.Connection.ExecuteScalar<long>($"SELECT COUNT(*) FROM {table}"), default);

    private static NewEvent CreateMessage(string text, string id) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}
