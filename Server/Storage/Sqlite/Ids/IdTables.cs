namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>
/// The rows of runs. A chunk has the ids of one page (id = run &lt;&lt; 40 | the upper 40 bits of its first hash), and what has the same 40 bits is in the
/// same chunk: so the last chunk whose id is not above that of a hash is the only one that can have it.
/// </summary>
internal sealed class IdTables(Database database) : IDisposable
{
    /// <summary>What a page holds without overflow.</summary>
    private const int IdsPerChunk = 168;

    private const int PrefixBits = 40;
    private const int FilterPartBits = 16;
    private const int FilterPartBytes = 64 * 1024;

    private readonly Statement _find = database.Prepare("SELECT ids FROM id_chunks WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1");
    private readonly Statement _next = database.Prepare("SELECT id, ids FROM id_chunks WHERE id > ? AND id < ? ORDER BY id LIMIT 1");
    private readonly Statement _add = database.Prepare("INSERT INTO id_chunks (id, ids) VALUES (?, ?)");
    private readonly Statement _addFilter = database.Prepare("INSERT INTO id_filters (id, bits) VALUES (?, ?)");
    private readonly Statement _filter = database.Prepare("SELECT bits FROM id_filters WHERE id >= ? AND id < ? ORDER BY id");
    private readonly Statement _addRun = database.Prepare("INSERT INTO id_runs (id, level, ids) VALUES (?, ?, ?)");
    private readonly Statement _removeRun = database.Prepare("DELETE FROM id_runs WHERE id = ?");
    private readonly Statement _removeFilter = database.Prepare("DELETE FROM id_filters WHERE id >= ? AND id < ?");
    private readonly Statement _lastOfSome = database.Prepare("SELECT MAX(id) FROM (SELECT id FROM id_chunks WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)");
    private readonly Statement _remove = database.Prepare("DELETE FROM id_chunks WHERE id >= ? AND id <= ?");

    /// <summary>Adds to <paramref name="found"/> the events of a hash in a run.</summary>
    public void Find(long run, UInt128 hash, List<long> found)
    {
        if (_find.Bind(1, ChunkId(run, hash)).Bind(2, run << PrefixBits).Step())
        {
            var ids = _find.Bytes(0);
            var (low, high) = (0, ids.Length / IdEntry.Size);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (IdEntry.Read(ids[(middle * IdEntry.Size)..]).Hash < hash)
                    low = middle + 1;
                else
                    high = middle;
            }

            for (; low < ids.Length / IdEntry.Size && IdEntry.Read(ids[(low * IdEntry.Size)..]) is var entry && entry.Hash == hash; low++)
                found.Add(entry.Event);
        }

        _find.Reset();
    }

    /// <summary>Reads the chunk that follows <paramref name="chunk"/>, or a run's first after 0. Null: there is none.</summary>
    public byte[]? Next(long run, ref long chunk)
    {
        byte[]? ids = null;
        if (_next.Bind(1, Math.Max(chunk, (run << PrefixBits) - 1)).Bind(2, (run + 1) << PrefixBits).Step())
            (chunk, ids) = (_next.Number(0), _next.Bytes(1).ToArray());
        _next.Reset();
        return ids;
    }

    /// <summary>Writes all ids of a small run.</summary>
    /// <param name="entries">In order.</param>
    public void AddAll(long run, IReadOnlyList<IdEntry> entries)
    {
        var chunk = new ByteBuffer(IdsPerChunk * IdEntry.Size);
        foreach (var entry in entries)
            Add(run, entry, chunk);
        Flush(run, chunk);
    }

    /// <summary>Adds an id to the chunk, which is written before that where it is full.</summary>
    public void Add(long run, IdEntry entry, ByteBuffer chunk)
    {
        if (chunk.Length >= IdsPerChunk * IdEntry.Size && ChunkId(run, entry.Hash) != ChunkId(run, IdEntry.Read(chunk.Written[^IdEntry.Size..]).Hash))
            Flush(run, chunk);
        entry.Write(chunk.Take(IdEntry.Size));
    }

    public void Flush(long run, ByteBuffer chunk)
    {
        if (chunk.Length == 0)
            return;
        _add.Bind(1, ChunkId(run, IdEntry.Read(chunk.Written).Hash)).Bind(2, chunk.Written).Run();
        chunk.CutTo(0);
    }

    /// <summary>Writes some parts of a filter, from <paramref name="part"/> on.</summary>
    /// <returns>Whether that was all.</returns>
    public bool AddFilter(long run, IdFilter filter, ref int part, int most)
    {
        var bytes = filter.Bytes;
        for (var written = 0; written < most && (long)part * FilterPartBytes < bytes.Length; written++, part++)
        {
            var rest = bytes[(part * FilterPartBytes)..];
            _addFilter.Bind(1, (run << FilterPartBits) | (long)part).Bind(2, rest[..Math.Min(FilterPartBytes, rest.Length)]).Run();
        }

        return (long)part * FilterPartBytes >= bytes.Length;
    }

    public IdFilter? ReadFilter(long run)
    {
        using var length = database.Prepare("SELECT TOTAL(LENGTH(bits)) FROM id_filters WHERE id >= ? AND id < ?");
        var bytes = length.Bind(1, run << FilterPartBits).Bind(2, (run + 1) << FilterPartBits).Step() ? length.Number(0) : 0;
        if (!IdFilter.CanBe(bytes))
            return null;
        var filter = IdFilter.Read((int)bytes, out var into);
        _filter.Bind(1, run << FilterPartBits).Bind(2, (run + 1) << FilterPartBits);
        while (_filter.Step())
        {
            var part = _filter.Bytes(0);
            part.CopyTo(into);
            into = into[part.Length..];
        }

        return filter;
    }

    public void AddRun(IdRun run) => _addRun.Bind(1, run.Number).Bind(2, run.Level).Bind(3, run.Count).Run();

    public void RemoveRun(long run) => _removeRun.Bind(1, run).Run();

    /// <summary>Removes rows of a run that is no more, up to <paramref name="most"/>.</summary>
    /// <returns>Whether some are left.</returns>
    public bool RemoveRows(long run, int most)
    {
        _removeFilter.Bind(1, run << FilterPartBits).Bind(2, (run + 1) << FilterPartBits).Run();
        var last = _lastOfSome.Bind(1, run << PrefixBits).Bind(2, (run + 1) << PrefixBits).Bind(3, most).Step() ? _lastOfSome.NumberOrNull(0) : null;
        _lastOfSome.Reset();
        return last is { } end && _remove.Bind(1, run << PrefixBits).Bind(2, end).Run() == most;
    }

    public List<(long Number, int Level, long Count)> Runs()
    {
        using var rows = database.Prepare("SELECT id, level, ids FROM id_runs ORDER BY id");
        var runs = new List<(long, int, long)>();
        while (rows.Step())
            runs.Add((rows.Number(0), (int)rows.Number(1), rows.Number(2)));
        return runs;
    }

    /// <summary>The numbers of which there are rows.</summary>
    public SortedSet<long> Numbers()
    {
        var numbers = new SortedSet<long>();
        foreach (var (table, bits) in ((string, int)[])[("id_chunks", PrefixBits), ("id_filters", FilterPartBits)])
        {
            using var next = database.Prepare($"SELECT id FROM {table} WHERE id >= ? ORDER BY id LIMIT 1");
            for (var from = 0L; next.Bind(1, from).Step(); next.Reset())
            {
                var number = next.Number(0) >> bits;
                numbers.Add(number);
                from = (number + 1) << bits;
            }
        }

        return numbers;
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_find, _next, _add, _addFilter, _filter, _addRun, _removeRun, _removeFilter, _lastOfSome, _remove])
            statement.Dispose();
    }

    private static long ChunkId(long run, UInt128 hash) => (run << PrefixBits) | (long)(ulong)(hash >> (128 - PrefixBits));
}
