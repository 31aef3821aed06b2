namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>What a check has found.</summary>
public sealed class CheckResult
{
    /// <summary>As many lines are kept; the rest is counted.</summary>
    public const int MostLines = 20;

    private readonly List<string> _lines = [];

    /// <summary>What is wrong, a line each: the first <see cref="MostLines"/>.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>How many things are wrong.</summary>
    public long Faults { get; private set; }

    public long Rooms { get; internal set; }

    public long Events { get; internal set; }

    public long Accounts { get; internal set; }

    internal void Add(string line)
    {
        Faults++;
        if (_lines.Count < MostLines)
            _lines.Add(line.ReplaceLineEndings(" "));
    }
}
