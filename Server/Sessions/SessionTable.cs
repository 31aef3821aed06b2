using System.Globalization;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Sessions by the hashes of their tokens. Of a hash it keeps half, 128 bits, since every connection has one: they are as random
/// as the tokens, which nobody chooses, so two are never the same.
/// </summary>
internal sealed class SessionTable
{
    private readonly Dictionary<UInt128, Session> _sessions = [];

    public int Count => _sessions.Count;

    public bool TryGetValue(string hash, out Session session) => _sessions.TryGetValue(KeyOf(hash), out session!);

    public void Set(Session session) => _sessions[KeyOf(session.TokenHash)] = session;

    public void Remove(string hash) => _sessions.Remove(KeyOf(hash));

    private static UInt128 KeyOf(string hash) => UInt128.Parse(hash.AsSpan(0, 32), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
