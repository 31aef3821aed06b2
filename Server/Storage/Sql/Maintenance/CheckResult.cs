namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>What a check has found.</summary>
public sealed class CheckResult
{
    /// <summary>The maximum number of faults that are described. Further faults are only counted.</summary>
    public const int MaxLines = 20;

    private readonly List<string> _lines = [];

    /// <summary>One line for each of the first faults.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The number of faults.</summary>
    public long Faults { get; private set; }

    public long Rooms { get; internal set; }

    public long Events { get; internal set; }

    public long Accounts { get; internal set; }

    public long Files { get; internal set; }

    internal void Add(string line)
    {
        Faults++;
        if (_lines.Count < MaxLines)
            _lines.Add(line.ReplaceLineEndings(" "));
    }
}
