namespace RawSocketChat.Tests.Crash;

/// <summary>
/// What all clients together have lived through since the server's last start, and what is to happen at a certain point of
/// it: on the thread of the client that reaches it, so at once.
/// </summary>
internal sealed class Pulse
{
    private readonly Dictionary<Beat, (int Count, Action Reached)> _awaited = [];
    private readonly int[] _counts = new int[Enum.GetValues<Beat>().Length];
    private volatile bool _isQuiet;

    /// <summary>True: nobody begins to say anything new.</summary>
    public bool IsQuiet => _isQuiet;

    public void BeQuiet() => _isQuiet = true;

    /// <summary>Before anybody connects.</summary>
    public void At(Beat beat, int count, Action reached) => _awaited.Add(beat, (count, reached));

    public void Add(Beat beat)
    {
        var count = Interlocked.Increment(ref _counts[(int)beat]);
        if (_awaited.TryGetValue(beat, out var awaited) && awaited.Count == count)
            awaited.Reached();
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<Beat>().Select(beat => $"{_counts[(int)beat]} {beat}"));
}

internal enum Beat
{
    Joined,

    /// <summary>An event that came after <c>joined</c> and is older than it.</summary>
    CaughtUp,
    Acked,

    /// <summary>Any frame.</summary>
    Frame,
}
