using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Ids;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Storage;

/// <summary>What is kept no longer is gone from the beginning, by age and by number, and what is left is whole.</summary>
public sealed class RetentionTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));

    [TestCase(3_000, 5_000, TestName = "{m}(settled, all of them)")]
    [TestCase(10, 20, TestName = "{m}(in the journal, all of them)")]
    [TestCase(6_000, 10, TestName = "{m}(settled and in the journal)")]
    public async Task Events_are_kept_for_so_many_days(int old, int young)
    {
        using var storage = new OpenStorage(_time);
        await storage.Log.OpenAsync("a", default);
        await storage.Log.OpenAsync("quiet", default);
        await storage.Log.AppendAsync("quiet", [Said("q", "q")], default);
        await SayAsync(storage, "old", old);
        _time.Advance(TimeSpan.FromDays(5));
        await SayAsync(storage, "young", young);
        _time.Advance(TimeSpan.FromDays(5.5));

        await TrimAsync(storage, days: 6);

        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == old + 1 && state.Last == old + young);
        (await storage.Log.ReadAfterAsync("a", 0, 1, 1_000, default))[0].Content.Text.Should().Be("young 0");
        (await storage.Log.OpenAsync("quiet", default)).Should().Match<RoomLogState>(state => state.First == 2 && state.Last == 1);

        storage.Reopen();
        await TrimAsync(storage, days: 6);
        (await storage.Log.OpenAsync("a", default)).Should().Match<RoomLogState>(state => state.First == old + 1 && state.Last == old + young);
        (await storage.Log.OpenAsync("quiet", default)).Last.Should().Be(1, "seqs go on where all is gone");
        (await storage.Log.AppendAsync("quiet", [Said("q", "q")], default))[0].Should().Match<Appended>(entry => !entry.IsDuplicate && entry.Seq == 2, "an id is kept as long as its event");
        (await storage.Log.AppendAsync("a", [Said("x", "old 0"), Said("x", "young 0")], default)).Select(entry => entry.IsDuplicate).Should().Equal(false, true);
    }

    [Test]
    public async Task What_is_kept_no_longer_leaves_the_database()
    {
        using var storage = new OpenStorage(_time, keepEvents: 100);
        await storage.Log.OpenAsync("a", default);
        await SayAsync(storage, "m", 7_000);
        await TrimAsync(storage, days: 0);
        storage.Reopen();
        await TrimAsync(storage, days: 0);
        await Patience.UntilAsync(() => !storage.Storage.State.Ids.WantsOneRun && !storage.Storage.State.Ids.HasMerges, () => "the ids of what is gone to go");
        storage.Storage.Dispose();

        using var cut = new Surgery(storage.Folder);
        cut.Number("SELECT SUM(count) FROM blocks").Should().Be(100);
        cut.Number("SELECT SUM(LENGTH(ids)) FROM id_chunks").Should().Be(100 * IdEntry.Size);
        cut.Number("SELECT SUM(ids) FROM id_runs").Should().Be(100);
    }

    [Test]
    public async Task What_was_kept_of_forgotten_guests_goes_with_them()
    {
        using var storage = new OpenStorage(_time);
        await storage.Log.OpenAsync("a", default);
        foreach (var user in (string[])["account", "guest", "gone"])
        {
            await storage.Catalog.SetMemberAsync("a", user, isMember: true, default);
            await storage.Catalog.MarkReadAsync("a", user, 1, default);
        }

        await storage.Identities.TryAddAccountAsync(new StoredAccount("account", "ann", "ann", "", _time.GetUtcNow()), default);
        await storage.Identities.SaveSessionAsync(new StoredSession("hash", "guest", "bob", IsGuest: true, AwaySince: null), default);
        await Retention.ForgetStrangersAsync(storage.Storage, NullLogger.Instance, default);

        (await storage.Catalog.RoomsOfAsync("account", default)).Should().Equal("a");
        (await storage.Catalog.RoomsOfAsync("guest", default)).Should().Equal("a");
        (await storage.Catalog.RoomsOfAsync("gone", default)).Should().BeEmpty();
        (await storage.Catalog.ReadMarkAsync("a", "guest", default)).Should().Be(1);
        (await storage.Catalog.ReadMarkAsync("a", "gone", default)).Should().Be(0);
    }

    [Test]
    public async Task A_server_trims_by_itself_and_names_the_gap()
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
        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 3));
        joined.Recovered.Should().BeFalse();
        joined.Messages.MessagesOf().Select(message => message.Text).Should().Equal("15", "16", "17", "18", "19");
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 4, 15));
    }

    private static async Task SayAsync(OpenStorage storage, string what, int count)
    {
        for (var said = 0; said < count; said += 1_000)
            await storage.Log.AppendAsync("a", [.. Enumerable.Range(said, Math.Min(1_000, count - said)).Select(i => Said($"{what} {i}", $"{what} {i}"))], default);
    }

    private static Task TrimAsync(OpenStorage storage, int days) => Retention.TrimAsync(storage.Storage, days, NullLogger.Instance, default);

    private static NewEvent Said(string text, string id) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: id);
}
