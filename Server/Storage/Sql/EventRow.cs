using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Reads a row of the table <c>events</c>.</summary>
internal static class EventRow
{
    /// <summary>The columns that <see cref="Read"/> reads. A query selects them first, from <see cref="Source"/>.</summary>
    public const string Columns = $"{ColumnsBeforeText}, {Text}, {ColumnsAfterText}";

    /// <summary>Like <see cref="Columns"/>, for a query that finds only messages.</summary>
    public const string MessageColumns = $"{ColumnsBeforeText}, e.text, {ColumnsAfterText}";

    /// <summary>The number of <see cref="Columns"/>. A query may have more columns; their indexes begin with this number.</summary>
    public const int ColumnCount = 10;

    /// <summary>The events <c>e</c>.</summary>
    public const string Source = "events e";

    // The text of an edit is in the row of the message. This is not a join: a plan that PostgreSQL makes while the table has few rows is used until the
    // next ANALYZE. The plan of a join could compare each event of a page with each event of the room.
    private const string Text =
        "CASE e.kind WHEN 'edited' THEN COALESCE((SELECT m.text FROM events m WHERE m.room = e.room AND m.seq = e.target), e.text) ELSE e.text END";

    private const string ColumnsBeforeText = "e.seq, e.at, e.kind, e.author, e.name";

    private const string ColumnsAfterText = "e.body, e.target, e.edited_at, e.is_deleted";

    /// <param name="clientId">The client id, which is in another table.</param>
    /// <exception cref="StorageException">A value is damaged.</exception>
    public static RoomEvent Read(DbDataReader row, string? clientId = null)
    {
        var body = EventBody.Decode(row.IsDBNull(6) ? null : row.GetString(6));
        var content = new NewEvent(ParseKind(row.GetString(2)), row.GetString(3), row.GetString(4), row.GetString(5), body.Reply, body.Me, clientId)
        {
            IsBot = body.Bot,
            Of = row.IsDBNull(7) ? null : row.GetInt64(7),
            Emoji = body.Emoji,
            Off = body.Off,
            Mentions = body.Mentions,
            Files = body.Files,
            Moderation = body.GetModeration(),
        };
        return new RoomEvent(row.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)), content)
        {
            EditedAt = row.IsDBNull(8) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(8)),
            IsDeleted = row.GetInt64(9) != 0,
        };
    }

    private static RoomEventKind ParseKind(string name) =>
        RoomEventKindName.Parse(name) ?? throw new StorageException($"an event has the unknown kind \"{name}\"") { IsDamage = true };
}
