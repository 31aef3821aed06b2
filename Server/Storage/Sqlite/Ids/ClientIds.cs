namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>
/// Finds an event by its author and client id. An index in one tree would have a page written for each id, since ids that come together lie anywhere.
/// So they are kept in runs, each in order and written at once: what settles is a run of level 0, and stays in memory besides; from time to time
/// those are flushed into one of level 1, and some of a level are merged into one of the next (a log-structured merge tree). A run above level 0 is looked into only
/// where its filter, which is in memory, does not rule it out. An id whose event is trimmed is passed over, and dropped by the next merge.
/// Used by one thread, in its transactions; each step returns what is to be done once that is committed.
/// </summary>
/// <param name="isKept">Whether an event can still be read.</param>
/// <param name="isStored">Whether an event is still in the database.</param>
internal sealed class ClientIds(IdIndex index, Database database, Func<long, bool> isKept, Func<long, bool> isStored) : IDisposable
{
    // About as much work as merging as many ids.
    private const int ChunksToRemove = 256;
    private const int IdsToRemove = 16 * 1024;

    private readonly IdTables _tables = new(database);
    private readonly List<long> _found = [];
    private List<IdRun> _merging = [];
    private IdMerge? _merge;

    /// <summary>Reads into memory what belongs there; what has not settled is added by the journal.</summary>
    public void Load()
    {
        index.Clear();
        index.Hash = IdHash.Of(database);
        var leftovers = _tables.Numbers();
        foreach (var (number, level, count) in _tables.Runs())
        {
            leftovers.Remove(number);
            index.Runs.Add(new IdRun(number, level, count, level == 0 ? null : _tables.ReadFilter(number)));
            if (level == 0)
                LoadSettled(number);
        }

        index.Leftovers.AddRange(leftovers);
    }

    /// <summary>The event of that id, where it is still kept.</summary>
    public long? Find(UInt128 hash)
    {
        if (index.Recent.TryGetValue(hash, out var recent) && isKept(recent))
            return recent;
        foreach (var found in FindFlushed(hash))
        {
            if (isKept(found))
                return found;
        }

        return null;
    }

    /// <summary>The events of that id in runs above level 0, also those that are trimmed. Valid until the next look.</summary>
    public List<long> FindFlushed(UInt128 hash)
    {
        _found.Clear();
        foreach (var run in index.Runs)
        {
            if (run.Level > 0 && run.Filter?.MayHave(hash) != false)
                _tables.Find(run.Number, hash, _found);
        }

        return _found;
    }

    public void Add(IdEntry id) => index.Recent[id.Hash] = id.Event;

    /// <summary>All ids of a run, in order.</summary>
    public IEnumerable<IdEntry> In(long run)
    {
        var chunk = 0L;
        while (_tables.Next(run, ref chunk) is { } ids)
        {
            for (var at = 0; at + IdEntry.Size <= ids.Length; at += IdEntry.Size)
                yield return IdEntry.Read(ids.AsSpan(at));
        }
    }

    /// <summary>Writes ids that were added as a run of level 0.</summary>
    public Action Settle(List<IdEntry> entries)
    {
        entries.Sort();
        var run = new IdRun(index.FreeNumber, 0, entries.Count, Filter: null);
        _tables.AddAll(run.Number, entries);
        _tables.AddRun(run);
        return () => index.Add(run, entries);
    }

    /// <summary>Makes one run of level 1 of those of level 0.</summary>
    public Action Flush()
    {
        var runs = index.Runs.Where(run => run.Level == 0).ToList();
        var entries = index.Settled.Where(entry => isStored(entry.Event)).ToList();
        entries.Sort();
        var filter = IdFilter.For(entries.Count);
        foreach (var entry in entries)
            filter.Add(entry.Hash);
        var (flushed, part) = (new IdRun(index.FreeNumber, 1, entries.Count, filter), 0);
        if (entries.Count > 0)
        {
            _tables.AddAll(flushed.Number, entries);
            _tables.AddFilter(flushed.Number, filter, ref part, int.MaxValue);
            _tables.AddRun(flushed);
        }

        foreach (var run in runs)
        {
            _tables.RemoveRows(run.Number, int.MaxValue);
            _tables.RemoveRun(run.Number);
        }

        return () =>
        {
            index.Replace(runs, entries.Count > 0 ? flushed : null);
            foreach (var entry in index.Settled)
            {
                if (index.Recent.TryGetValue(entry.Hash, out var recent) && recent == entry.Event)
                    index.Recent.Remove(entry.Hash);
            }

            index.Settled.Clear();
        };
    }

    /// <summary>Goes on with what is to be merged or removed, as far as fits into one transaction.</summary>
    public Action Merge()
    {
        if (_merge is null && index.Leftovers.Count > 0)
        {
            var number = index.Leftovers[0];
            var isLeft = _tables.RemoveRows(number, ChunksToRemove);
            return () =>
            {
                index.MergesOwed = Math.Max(0, index.MergesOwed - IdsToRemove);
                if (!isLeft)
                    index.Leftovers.Remove(number);
            };
        }

        // After a transaction that failed there may be nothing to do any more.
        if (_merge is null && !TryBegin())
            return () => { };
        var whole = _merge!.Step(out var merged);
        if (whole is not null)
            End(whole);
        return () =>
        {
            index.MergesOwed = Math.Max(0, index.MergesOwed - merged);
            if (whole is null)
                return;
            index.Replace(_merging, whole.Count > 0 ? whole : null);
            index.Leftovers.AddRange(_merging.Select(run => run.Number));
            // Of one that is empty there is a filter all the same.
            if (whole.Count == 0)
                index.Leftovers.Add(whole.Number);
            (index.Growing, _merge, _merging) = (null, null, []);
        };
    }

    public void Dispose() => _tables.Dispose();

    private bool TryBegin()
    {
        _merging = index.RunsDue();
        if (_merging.Count == 0)
            return false;
        var level = index.WantsOneRun ? Math.Max(1, _merging.Max(run => run.Level)) : _merging[0].Level + 1;
        index.WantsOneRun = false;
        index.Growing = index.FreeNumber;
        _merge = new IdMerge(_tables, _merging, index.Growing.Value, level, isStored);
        return true;
    }

    private void End(IdRun whole)
    {
        foreach (var run in _merging)
            _tables.RemoveRun(run.Number);
        if (whole.Count > 0)
            _tables.AddRun(whole);
    }

    private void LoadSettled(long run)
    {
        foreach (var entry in In(run))
        {
            index.Settled.Add(entry);
            index.Recent[entry.Hash] = entry.Event;
        }
    }
}
