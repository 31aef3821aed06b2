namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>The state that a member keeps from one connection to the next.</summary>
internal sealed class SessionState(string name)
{
    private string? _session;
    private long _cursor;

    /// <summary>The requested user name. Each run uses new names, because the names of an earlier run may still be taken.</summary>
    public string Name => name;

    /// <summary>The token of the last welcome. Null before the first welcome, and if the next connection must start a new session.</summary>
    public string? Session
    {
        get => Volatile.Read(ref _session);
        set => Volatile.Write(ref _session, value);
    }

    /// <summary>The cursor of the HTTP transports: all frames up to this number were received.</summary>
    public long Cursor
    {
        get => Volatile.Read(ref _cursor);
        set => Volatile.Write(ref _cursor, value);
    }
}
