using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Inserts events and their client ids. Used by one thread at a time, inside a transaction.</summary>
internal sealed class EventInserts(DbConnection connection) : IDisposable
{
    private readonly Statement _event = new(
        connection, "INSERT INTO events (room, seq, at, kind, author, name, text, body) VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)", 8);

    private readonly Statement _clientId = new(
        connection, "INSERT INTO client_ids (author, client_id, room, seq, at) VALUES (@p1, @p2, @p3, @p4, @p5) ON CONFLICT DO NOTHING", 5);

    /// <param name="at">When the event is stored, in milliseconds since 1970 UTC.</param>
    public void AddEvent(long room, long seq, long at, NewEvent content) =>
        _event.Execute(room, seq, at, EventRow.FormatKind(content.Kind), content.Author, content.AuthorName, content.Text, EventBody.Encode(content));

    /// <summary>Adds the client id of an event. Returns false if the author has already used this id.</summary>
    /// <param name="at">When the event is stored, in milliseconds since 1970 UTC.</param>
    public bool TryAddClientId(string author, string id, long room, long seq, long at) => _clientId.Execute(author, id, room, seq, at) > 0;

    public void Dispose()
    {
        _event.Dispose();
        _clientId.Dispose();
    }
}
