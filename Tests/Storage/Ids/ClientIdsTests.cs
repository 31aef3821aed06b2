using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Tests.Storage.Ids;

/// <summary>Each id is found in whatever run it is, until its event is gone; then it is no longer, and at last takes no room.</summary>
public sealed class ClientIdsTests
{
    private const int PerSettling = 10_000;

    [Test]
    public void An_id_is_found_as_it_settles_is_flushed_and_is_merged()
    {
        using var kept = new KeptIds();
        var levels = new HashSet<int>();
        for (var i = 0; i < 60; i++)
        {
            kept.Settle(PerSettling);
            kept.Ids.Find(kept.HashOf(1)).Should().Be(1, "the first is found wherever it is");
            levels.UnionWith(kept.Index.Runs.Select(run => run.Level));
            if (i % 20 == 0)
                kept.Load();
        }

        levels.Should().Contain([0, 1, 2]);
        kept.Index.Runs.Count.Should().BeLessThan(20);
        kept.Index.Recent.Count.Should().BeLessThan(100_000, "memory is bounded");
        kept.ShouldFindAllOf(1, 60 * PerSettling, step: 997);
        kept.Load();
        kept.ShouldFindAllOf(1, 60 * PerSettling, step: 991);
        for (var unknown = 1_000_000; unknown < 1_010_000; unknown++)
            kept.Ids.Find(kept.HashOf(unknown)).Should().BeNull();
    }

    [Test]
    public void A_filter_rules_out_nearly_all_that_is_not_there()
    {
        var filter = IdFilter.For(10_000);
        var hash = new IdHash(new byte[16]);
        for (var i = 0; i < 10_000; i++)
            filter.Add(hash.Of("ann", $"{i}"));
        Enumerable.Range(0, 10_000).Should().OnlyContain(i => filter.MayHave(hash.Of("ann", $"{i}")));
        Enumerable.Range(10_000, 100_000).Count(i => filter.MayHave(hash.Of("ann", $"{i}"))).Should().BeLessThan(2_000);
    }

    // The first step of a merge that leaves rows; then the process is killed.
    [Test]
    public void A_merge_that_was_interrupted_is_made_again_and_leaves_nothing()
    {
        using var kept = new KeptIds();
        while (kept.Index.RunsDue().Count == 0)
            kept.SettleOnly(PerSettling);
        kept.Merge();
        kept.Merge();
        kept.Load();
        kept.Index.Leftovers.Should().ContainSingle();
        kept.ShouldFindAllOf(1, kept.Last, step: 101);
        kept.MergeAll();
        kept.Rows().Should().BeEquivalentTo(kept.Index.Runs.Select(run => run.Number));
        kept.Index.Runs.Should().Contain(run => run.Level == 2);
        kept.ShouldFindAllOf(1, kept.Last, step: 101);
    }

    [Test]
    public void An_id_whose_event_is_gone_is_free_and_the_newer_one_is_found()
    {
        using var kept = new KeptIds();
        kept.Settle(PerSettling);
        kept.First = 5_000;
        kept.Ids.Find(kept.HashOf(4_999)).Should().BeNull();
        kept.Ids.Find(kept.HashOf(5_000)).Should().Be(5_000);
        kept.AddAgain(17);
        for (var i = 0; i < 40; i++)
        {
            kept.Ids.Find(kept.HashOf(17)).Should().Be(PerSettling + 1);
            kept.Settle(PerSettling);
        }
    }

    // The older one is flushed while the newer one is in the journal alone.
    [Test]
    public void A_newer_event_of_an_id_is_found_after_the_older_one_is_flushed()
    {
        using var kept = new KeptIds();
        kept.SettleOnly(100);
        kept.First = 50;
        kept.AddAgain(17);
        kept.Index.WantsOneRun = true;
        kept.MergeAll();
        kept.Index.Settled.Should().BeEmpty();
        kept.Ids.Find(kept.HashOf(17)).Should().Be(101);
    }

    [Test]
    public void Ids_of_events_that_are_gone_take_no_room()
    {
        using var kept = new KeptIds();
        for (var i = 0; i < 20; i++)
            kept.Settle(PerSettling);
        kept.First = (20 * PerSettling) - 99;
        kept.Index.WantsOneRun = true;
        kept.MergeAll();
        kept.Index.Count.Should().Be(100);
        kept.Rows().Should().HaveCount(1);
        kept.ShouldFindAllOf(kept.First, kept.Last, step: 1);
        kept.First = kept.Last + 1;
        kept.Index.WantsOneRun = true;
        kept.MergeAll();
        kept.Rows().Should().BeEmpty();
    }

    // Then each look goes to the run.
    [Test]
    public void Without_its_filter_a_run_is_found_all_the_same()
    {
        using var kept = new KeptIds();
        while (kept.Index.Runs.TrueForAll(run => run.Level == 0))
            kept.Settle(PerSettling);
        kept.Database.Execute("DELETE FROM id_filters");
        kept.Load();
        kept.ShouldFindAllOf(1, kept.Last, step: 101);
    }

    /// <summary>A database of one room of id 0, so that an event's id is its seq, each with the seq as its client id.</summary>
    private sealed class KeptIds : IDisposable
    {
        private readonly OpenStorage _storage = new();
        private readonly List<IdEntry> _waiting = [];

        public KeptIds()
        {
            _storage.Storage.Dispose();
            Database = Database.OpenForWriting(Path.Combine(_storage.Folder, DataFolder.DatabaseName), synced: false);
            Ids = Open();
        }

        public Database Database { get; }

        public IdIndex Index { get; } = new();

        public ClientIds Ids { get; private set; }

        public long First { get; set; } = 1;

        public long Last { get; private set; }

        public UInt128 HashOf(long seq) => Index.Hash.Of("ann", $"{seq}");

        public void Settle(int count)
        {
            SettleOnly(count);
            MergeAll();
        }

        public void SettleOnly(int count)
        {
            for (; count > 0; count--)
                Add(HashOf(Last + 1));
            Do(() => Ids.Settle([.. _waiting]));
            _waiting.Clear();
            while (Index.IsFlushDue)
                Do(Ids.Flush);
        }

        /// <summary>A new event by the id of one that is gone.</summary>
        public void AddAgain(long seq) => Add(HashOf(seq));

        public void Merge() => Do(Ids.Merge);

        public void MergeAll()
        {
            while (Index.IsFlushDue)
                Do(Ids.Flush);
            while (Index.HasMerges)
                Do(Ids.Merge);
        }

        public void Load()
        {
            Ids.Dispose();
            Ids = Open();
        }

        public SortedSet<long> Rows()
        {
            using var tables = new IdTables(Database);
            return tables.Numbers();
        }

        public void ShouldFindAllOf(long first, long last, int step)
        {
            for (var seq = first; seq <= last; seq += step)
                Ids.Find(HashOf(seq)).Should().Be(seq);
        }

        public void Dispose()
        {
            Ids.Dispose();
            Database.Dispose();
            _storage.Dispose();
        }

        private void Add(UInt128 hash)
        {
            var id = new IdEntry(hash, ++Last);
            Ids.Add(id);
            _waiting.Add(id);
        }

        private void Do(Func<Action> write) => Database.Transact(write)();

        private ClientIds Open()
        {
            var ids = new ClientIds(Index, Database, id => id >= First, id => id >= First);
            ids.Load();
            return ids;
        }
    }
}
