using System.Buffers;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Converts texts so that PostgreSQL can store them.</summary>
internal static class PostgresText
{
    private static readonly SearchValues<char> Unstorable = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(code => (char)code).Prepend('\0')]);

    /// <summary>Replaces each character that PostgreSQL does not store by U+FFFD.</summary>
    // PostgreSQL does not store U+0000, and the driver does not encode a lone surrogate. The chat already rejects both, so this is a second
    // check: with such a value, the transaction with the messages of all users would fail.
    public static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAny(Unstorable))
            return text;
        var characters = text.ToCharArray();
        for (var i = 0; i < characters.Length; i++)
        {
            if (char.IsHighSurrogate(characters[i]) && i + 1 < characters.Length && char.IsLowSurrogate(characters[i + 1]))
                i++;
            else if (characters[i] == '\0' || char.IsSurrogate(characters[i]))
                characters[i] = '\uFFFD';
        }

        return new string(characters);
    }
}
