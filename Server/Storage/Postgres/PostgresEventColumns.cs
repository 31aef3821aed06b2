using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>The values of a PostgreSQL database that differ from those of SQLite.</summary>
internal sealed class PostgresEventColumns : IEventColumns
{
    public string Clean(string text) => PostgresText.Clean(text);

    public string CreateWords(long room, NewEvent content) => SearchVector.Create(room, content);
}
