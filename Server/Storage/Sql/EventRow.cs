using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Reads a row of the table <c>events</c>.</summary>
internal static class EventRow
{
    /// <summary>The columns that <see cref="Read"/> expects first, in this order.</summary>
    public const string Columns = "seq, at, kind, author, name, text, body";

    /// <param name="clientId">The client id, which is in another table.</param>
    /// <exception cref="StorageException">A value is damaged.</exception>
    public static RoomEvent Read(DbDataReader row, string? clientId = null)
    {
        var body = EventBody.Decode(row.IsDBNull(6) ? null : row.GetString(6));
        var content = new NewEvent(ParseKind(row.GetString(2)), row.GetString(3), row.GetString(4), row.GetString(5), body.Reply, body.Me, clientId);
        return new RoomEvent(row.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)), content);
    }

    public static string FormatKind(RoomEventKind kind) => kind switch
    {
        RoomEventKind.Message => "message",
        RoomEventKind.Topic => "topic",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static RoomEventKind ParseKind(string kind) => kind switch
    {
        "message" => RoomEventKind.Message,
        "topic" => RoomEventKind.Topic,
        _ => throw new StorageException($"an event has the unknown kind \"{kind}\"") { IsDamage = true },
    };
}
