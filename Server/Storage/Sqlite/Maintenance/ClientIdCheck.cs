using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// What finds events by their client ids: each event is found by its own, no two kept events share one, and nothing else is found.
/// As <see cref="EventCheck"/> comes by an event it looks for its id; then the ids that led to an event are counted against all there are, so that
/// events are read a second time only where the numbers differ.
/// </summary>
internal sealed class ClientIdCheck : IDisposable
{
    private const int ReportEvery = 4096;

    private readonly CheckedRooms _rooms;
    private readonly CheckResult _result;
    private readonly IdIndex _index = new();
    private readonly ClientIds _ids;
    private readonly Blocks _blocks;
    private readonly List<IdEntry> _recent;
    private readonly Dictionary<long, long> _timesInJournal = [];
    private readonly List<(long First, long Second, long At)> _same = [];
    private readonly List<(long First, long Count)> _damaged = [];
    private long _found;

    public ClientIdCheck(Database database, CheckedRooms rooms, CheckResult result)
    {
        (_rooms, _result) = (rooms, result);
        _blocks = new Blocks(database);
        _ids = new ClientIds(_index, database, isKept: _ => true, isStored: _ => true);
        _ids.Load();
        _recent = [.. _index.Settled, .. JournalEvents.ClientIds(database, _index.Hash)];
        _recent.Sort();
    }

    /// <summary>Whether an event is found by its id. Others that are found by it as well are told of by <see cref="Run"/>.</summary>
    public bool IsFound(long eventId, EncodedEvent read, bool isInJournal)
    {
        var (hash, at) = (_index.Hash.Of(read.Author, read.ClientId), read.At);
        if (isInJournal)
            _timesInJournal[eventId] = at;
        var own = 0;
        foreach (var found in Recent(hash).Concat(_ids.FindFlushed(hash)))
        {
            if (found == eventId)
                own++;
            else if (found < eventId)
                _same.Add((found, eventId, at));
        }

        if (_rooms.IsStored(eventId))
            _found += own;
        return own > 0;
    }

    /// <summary>A block cannot be read: what leads into it is let be.</summary>
    public void Damaged(long first, long count) => _damaged.Add((first, count));

    public void Run(IProgress<Advance> progress, CancellationToken cancel)
    {
        foreach (var (first, second, at) in _same)
        {
            if (_rooms.IsKept(second, at) && TimeOf(first) is { } before && _rooms.IsKept(first, before) && HashOf(first) == HashOf(second))
                _result.Add($"{_rooms.Describe(second)}: its author and client id are those of {_rooms.Describe(first)}");
        }

        var done = 0L;
        var all = All().Where(entry => _rooms.IsStored(entry.Event) && !IsDamaged(entry.Event));
        foreach (var _ in all)
        {
            if (++done % ReportEvery != 0)
                continue;
            cancel.ThrowIfCancellationRequested();
            progress.Report(new Advance("checking client ids", done, 0));
        }

        if (done == _found)
            return;
        foreach (var (hash, eventId) in all)
        {
            cancel.ThrowIfCancellationRequested();
            if (TimeOf(eventId) is null)
                _result.Add($"{_rooms.Describe(eventId)}: a client id leads to it, and it is not there");
            else if (HashOf(eventId) != hash)
                _result.Add($"{_rooms.Describe(eventId)}: a client id leads to it that is not its own");
        }
    }

    public void Dispose()
    {
        _ids.Dispose();
        _blocks.Dispose();
    }

    private IEnumerable<IdEntry> All() => _index.Runs.Where(run => run.Level > 0).SelectMany(run => _ids.In(run.Number)).Concat(_recent);

    private IEnumerable<long> Recent(UInt128 hash)
    {
        var at = _recent.BinarySearch(new IdEntry(hash, 0));
        if (at < 0)
            yield break;
        while (at > 0 && _recent[at - 1].Hash == hash)
            at--;
        for (; at < _recent.Count && _recent[at].Hash == hash; at++)
            yield return _recent[at].Event;
    }

    private long? TimeOf(long eventId) => _timesInJournal.TryGetValue(eventId, out var at) ? at : _blocks.TimeOf(eventId);

    // Of one in the journal its own entry is by definition.
    private UInt128? HashOf(long eventId) => _timesInJournal.ContainsKey(eventId) ? _recent.Find(entry => entry.Event == eventId).Hash : _blocks.HashOf(eventId, _index.Hash);

    private bool IsDamaged(long eventId) => _damaged.Exists(block => eventId >= block.First && eventId < block.First + block.Count);
}
