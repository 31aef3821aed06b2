using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Reads the reactions of messages.</summary>
internal static class ReactionRows
{
    /// <summary>Creates the query for <see cref="AddTo"/>.</summary>
    public static Statement CreateQuery(DbConnection connection) =>
        new(connection, "SELECT seq, emoji, \"user\", name FROM reactions WHERE room = @p1 AND seq >= @p2 AND seq <= @p3 ORDER BY seq, event", 3);

    /// <summary>Adds the reactions to the messages of a page.</summary>
    /// <param name="page">Events, oldest first.</param>
    public static void AddTo(List<RoomEvent> page, Statement query, long room)
    {
        if (page.Count == 0)
            return;
        using var rows = query.Query(room, page[0].Seq, page[^1].Seq);
        List<StoredReaction> reactions = [];
        for (var index = -1; rows.Read();)
        {
            if (index < 0 || page[index].Seq != rows.GetInt64(0))
            {
                do
                    index++;
                while (page[index].Seq < rows.GetInt64(0));
                page[index] = page[index] with { Reactions = reactions = [] };
            }

            reactions.Add(new StoredReaction(rows.GetString(1), rows.GetString(2), rows.GetString(3)));
        }
    }
}
