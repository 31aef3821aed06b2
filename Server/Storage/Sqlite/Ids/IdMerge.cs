namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>
/// Makes one run of some, a little in each transaction. It becomes what is looked at only by its last step: until then, and where it is given up, its rows are leftovers.
/// </summary>
internal sealed class IdMerge(IdTables tables, IReadOnlyList<IdRun> runs, long number, int level, Func<long, bool> isStored)
{
    private const int IdsPerStep = 16 * 1024;
    private const int FilterPartsPerStep = 16;

    private readonly Input[] _inputs = [.. runs.Select(run => new Input(tables, run.Number))];
    private readonly IdFilter _filter = IdFilter.For(runs.Sum(run => run.Count));
    private readonly ByteBuffer _chunk = new(8 * 1024);
    private bool _isMerged;
    private int _filterPart;
    private long _count;

    /// <summary>Goes on.</summary>
    /// <param name="merged">How many ids were looked at.</param>
    /// <returns>The whole run, all of whose rows are written; null as long as it is not whole.</returns>
    public IdRun? Step(out int merged)
    {
        merged = 0;
        if (!_isMerged)
        {
            for (; merged < IdsPerStep && Least() is { } least; merged++)
            {
                if (isStored(least.Entry.Event))
                    Add(least.Entry);
                least.Advance();
            }

            _isMerged = Least() is null;
            if (_isMerged)
                tables.Flush(number, _chunk);
            return null;
        }

        return tables.AddFilter(number, _filter, ref _filterPart, FilterPartsPerStep) ? new IdRun(number, level, _count, _filter) : null;
    }

    private void Add(IdEntry entry)
    {
        tables.Add(number, entry, _chunk);
        _filter.Add(entry.Hash);
        _count++;
    }

    private Input? Least()
    {
        Input? least = null;
        foreach (var input in _inputs)
        {
            if (!input.IsOver && (least is null || input.Entry.Hash < least.Entry.Hash))
                least = input;
        }

        return least;
    }

    /// <summary>Where the reading of one run stands.</summary>
    private sealed class Input
    {
        private readonly IdTables _tables;
        private readonly long _run;
        private byte[]? _ids;
        private long _chunk;
        private int _at;

        public Input(IdTables tables, long run)
        {
            _tables = tables;
            _run = run;
            Load();
        }

        public bool IsOver => _ids is null;

        public IdEntry Entry { get; private set; }

        public void Advance()
        {
            _at += IdEntry.Size;
            if (_at + IdEntry.Size <= _ids!.Length)
                Entry = IdEntry.Read(_ids.AsSpan(_at));
            else
                Load();
        }

        private void Load()
        {
            // One that is too short to hold an id is no chunk.
            do
                _ids = _tables.Next(_run, ref _chunk);
            while (_ids is { Length: < IdEntry.Size });
            _at = 0;
            if (_ids is not null)
                Entry = IdEntry.Read(_ids);
        }
    }
}
