namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>A run: client ids in the order of their hashes, written once and never changed. See <see cref="ClientIds"/>.</summary>
/// <param name="Number">What its rows are found by.</param>
/// <param name="Level">0: as it settled. Above: flushed (1), then merged.</param>
/// <param name="Filter">Of level 0 none, since those are in memory as they are. Where it cannot be read there is none either, and each look goes to the run.</param>
internal sealed record IdRun(long Number, int Level, long Count, IdFilter? Filter);

/// <summary>What of the client ids is in memory. The writer's thread alone uses it.</summary>
internal sealed class IdIndex
{
    /// <summary>So many runs of one level become one of the next: each look asks a few filters for each level, each id is written once for each.</summary>
    public const int RunsToMerge = 4;

    /// <summary>So many ids in runs of level 0 are flushed: with what is in the journal 5 MB of memory.</summary>
    private const int FlushAt = 64 * 1024;

    // Each id that settles pays for so many that are merged: enough for as many levels as there will be.
    private const int MergedPerSettled = 8;
    private const int MuchOwed = 256 * 1024;

    /// <summary>How ids are hashed in this database; known once it is loaded.</summary>
    public IdHash Hash { get; set; }

    /// <summary>Ids of the journal's events, and of what settled since the last flush.</summary>
    public Dictionary<UInt128, long> Recent { get; } = [];

    /// <summary>Those of them that are in runs of level 0.</summary>
    public List<IdEntry> Settled { get; } = [];

    /// <summary>All runs that are whole.</summary>
    public List<IdRun> Runs { get; } = [];

    /// <summary>Numbers of runs of which some rows are left, and none is needed.</summary>
    public List<long> Leftovers { get; } = [];

    /// <summary>The number of the run that a merge is writing.</summary>
    public long? Growing { get; set; }

    /// <summary>Whether so many ids lead to events that are trimmed that all runs should become one without them.</summary>
    public bool WantsOneRun { get; set; }

    /// <summary>Ids that should be merged before more settle.</summary>
    public long MergesOwed { get; set; }

    /// <summary>Ids in runs, those of trimmed events included.</summary>
    public long Count => Runs.Sum(run => run.Count);

    public bool IsFlushDue => Settled.Count >= FlushAt || (WantsOneRun && Settled.Count > 0);

    /// <summary>Whether runs should be merged or removed.</summary>
    public bool HasMerges => Growing is not null || Leftovers.Count > 0 || RunsDue().Count > 0;

    /// <summary>How often <see cref="ClientIds.Merge"/> should go on before the next commit.</summary>
    public int MergeSteps => MergesOwed > 0 && HasMerges ? 1 + (int)(MergesOwed / MuchOwed) : 0;

    /// <summary>The lowest number that no rows bear.</summary>
    public long FreeNumber
    {
        get
        {
            var number = 1L;
            while (number == Growing || Leftovers.Contains(number) || Runs.Exists(run => run.Number == number))
                number++;
            return number;
        }
    }

    /// <summary>What is to be merged next; empty where nothing is.</summary>
    public List<IdRun> RunsDue()
    {
        if (WantsOneRun && Settled.Count == 0)
            return [.. Runs];
        foreach (var level in Runs.Where(run => run.Level > 0).GroupBy(run => run.Level).OrderBy(level => level.Key))
        {
            if (level.Count() >= RunsToMerge)
                return [.. level];
        }

        return [];
    }

    /// <summary>Ids have settled in a new run of level 0.</summary>
    public void Add(IdRun run, IReadOnlyList<IdEntry> entries)
    {
        Runs.Add(run);
        Settled.AddRange(entries);
        MergesOwed = HasMerges ? MergesOwed + (MergedPerSettled * entries.Count) : 0;
    }

    /// <summary>Some runs became one, or none where nothing of them is kept.</summary>
    public void Replace(IReadOnlyList<IdRun> runs, IdRun? by)
    {
        Runs.RemoveAll(runs.Contains);
        if (by is not null)
            Runs.Add(by);
    }

    public void Clear()
    {
        Recent.Clear();
        Settled.Clear();
        Runs.Clear();
        Leftovers.Clear();
        (Growing, MergesOwed) = (null, 0);
    }
}
