namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>What one person keeps from one connection to the next.</summary>
internal sealed class Place(string name)
{
    private string? _session;
    private long _cursor;

    /// <summary>The name that is asked for: the run's own, since names of the last one may still be held.</summary>
    public string Name => name;

    /// <summary>The token of the last welcome; null before the first.</summary>
    public string? Session
    {
        get => Volatile.Read(ref _session);
        set => Volatile.Write(ref _session, value);
    }

    /// <summary>On the HTTP ways: all up to here was taken.</summary>
    public long Cursor
    {
        get => Volatile.Read(ref _cursor);
        set => Volatile.Write(ref _cursor, value);
    }
}
