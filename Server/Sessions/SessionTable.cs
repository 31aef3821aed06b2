using System.Globalization;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Finds sessions by the hash of their token. The key is only the first half of the hash, 128 bits. Tokens are random, so in practice
/// two keys are never equal. Every connection has a session, and the whole hash as text would take more memory for each connection
/// (Tests/Benchmarks/README.md, "Memory per connection"). Not thread-safe.
/// </summary>
internal sealed class SessionTable
{
    private readonly Dictionary<UInt128, Session> _sessions = [];

    public int Count => _sessions.Count;

    public Session? Find(string hash) => _sessions.GetValueOrDefault(GetKey(hash));

    /// <summary>Adds a session, or replaces the session with the same key.</summary>
    public void Set(Session session) => _sessions[GetKey(session.TokenHash)] = session;

    public void Remove(string hash) => _sessions.Remove(GetKey(hash));

    private static UInt128 GetKey(string hash) => UInt128.Parse(hash.AsSpan(0, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
