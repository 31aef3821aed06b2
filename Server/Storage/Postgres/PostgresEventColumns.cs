using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Creates the values of an event's row for PostgreSQL.</summary>
internal sealed class PostgresEventColumns : IEventColumns
{
    public string Clean(string text) => PostgresText.Clean(text);

    public string CreateWords(long room, NewEvent content) => SearchVector.Create(room, content);
}
