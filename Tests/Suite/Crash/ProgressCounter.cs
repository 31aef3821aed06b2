namespace RawSocketChat.Tests.Crash;

/// <summary>
/// Counts what all clients together have received since the last start of the server. When a count reaches a registered number, the counter runs
/// the action of this number immediately, on the thread of the client that has increased the count.
/// </summary>
internal sealed class ProgressCounter
{
    private readonly Dictionary<ProgressEvent, (int Count, Action Reached)> _actions = [];
    private readonly int[] _counts = new int[Enum.GetValues<ProgressEvent>().Length];
    private volatile bool _isDraining;

    /// <summary>Whether clients must stop sending new messages.</summary>
    public bool IsDraining => _isDraining;

    public void BeginDraining() => _isDraining = true;

    /// <summary>Registers an action for a count. Call this method before any client connects.</summary>
    public void NotifyAt(ProgressEvent progressEvent, int count, Action reached) => _actions.Add(progressEvent, (count, reached));

    public void Add(ProgressEvent progressEvent)
    {
        var count = Interlocked.Increment(ref _counts[(int)progressEvent]);
        if (_actions.TryGetValue(progressEvent, out var registered) && registered.Count == count)
            registered.Reached();
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<ProgressEvent>().Select(progressEvent => $"{_counts[(int)progressEvent]} {progressEvent}"));
}

internal enum ProgressEvent
{
    Joined,

    /// <summary>A message of the catch-up that comes after <c>joined</c>.</summary>
    CaughtUp,
    Acked,

    /// <summary>A frame of any type.</summary>
    Frame,
}
