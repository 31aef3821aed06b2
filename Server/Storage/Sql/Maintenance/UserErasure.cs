using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Erases a user, and everything that the user wrote, in one transaction. No server may use the database.</summary>
public static class UserErasure
{
    private const string AddDeletions =
        """
        INSERT INTO events (room, seq, at, kind, author, name, text, target)
        SELECT e.room, (SELECT MAX(seq) FROM events WHERE room = e.room) + ROW_NUMBER() OVER (PARTITION BY e.room ORDER BY e.seq),
            @Now, 'deleted', @Id, @ErasedName, '', e.seq
        FROM events e WHERE e.author = @Id AND e.kind = 'message' AND e.is_deleted = 0
        """;

    // The topic of a room is the text of its newest topic event, or else the topic with which the room was created.
    private const string EraseTopics =
        """
        UPDATE rooms SET topic = ''
        WHERE COALESCE((SELECT author FROM events WHERE room = rooms.id AND kind = 'topic' ORDER BY seq DESC LIMIT 1), owner) = @Id
        """;

    private const string EraseEvents =
        """
        DELETE FROM reactions WHERE (room, seq) IN (SELECT room, seq FROM events WHERE author = @Id AND kind = 'message');
        DELETE FROM mentions WHERE (room, seq) IN (SELECT room, seq FROM events WHERE author = @Id AND kind = 'message');
        DELETE FROM message_files WHERE (room, seq) IN (SELECT room, seq FROM events WHERE author = @Id AND kind = 'message');
        DELETE FROM files WHERE uploader = @Id AND NOT EXISTS (SELECT 1 FROM message_files m WHERE m.file = files.id);
        UPDATE events SET name = @ErasedName, text = '', is_deleted = CASE WHEN kind = 'message' THEN 1 ELSE 0 END WHERE author = @Id;
        """;

    // The database itself removes the other rows that refer to the user, such as sessions, names and memberships.
    private const string RemoveRows =
        """
        DELETE FROM reactions WHERE "user" = @Id;
        DELETE FROM mentions WHERE "user" = @Id;
        DELETE FROM bans WHERE "user" = @Id;
        DELETE FROM client_ids WHERE author = @Id;
        DELETE FROM users WHERE id = @Id;
        """;

    /// <summary>
    /// Deletes the user's messages. Each message becomes a tombstone. The log also gets a deletion for each message, so that clients that reconnect
    /// delete the message too. Removes the user's files, topics, reasons, reactions and bans. Removes the user with the name, sessions and memberships.
    /// The user's events stay without text and with the name <see cref="ErasedUser.Name"/>, because the seqs of a log have no gap.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="nameOrId">The name of an account in any letter case, or the id of a user, such as a guest.</param>
    /// <param name="now">The time of the deletions.</param>
    /// <param name="known">The names of all accounts, if the result is null.</param>
    /// <param name="cancel">Interrupts the erasure. After an interruption, nothing is erased.</param>
    /// <returns>The name of the user, and the numbers of messages and sessions that were erased; null if there is no such user.</returns>
    /// <exception cref="StorageException">A server uses the database, or the database cannot be written.</exception>
    public static (string Name, long Messages, long Sessions)? Run(
        ChatDatabase database, string nameOrId, DateTimeOffset now, out IReadOnlyList<string> known, CancellationToken cancel)
    {
        IReadOnlyList<string> accountNames = [];
        var erased = OfflineTransaction.Run<(string, long, long)?>(
            database,
            transaction =>
            {
                var connection = transaction.Connection;
                var accounts = transaction.ReadAccounts();
                if (!accounts.TryGetValue(OfflineTransaction.NormalizeName(nameOrId), out var user) && !TryFindById(connection, nameOrId, out user))
                {
                    accountNames = [.. accounts.Keys];
                    return null;
                }

                var values = new { user.Id, ErasedName = ErasedUser.Name, Now = now.ToUnixTimeMilliseconds() };
                var sessions = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM sessions WHERE \"user\" = @Id", values);
                var messages = connection.Execute(AddDeletions, values);
                connection.Execute(EraseTopics, values);
                connection.Execute(EraseEvents, values);
                EraseBodies(connection, user.Id);
                transaction.RemoveSearchWords(user.Id);
                connection.Execute(RemoveRows, values);
                return (user.Name, messages, sessions);
            },
            cancel);
        known = accountNames;
        return erased;
    }

    // Removes the user's text and name from the JSON of the events. Each event of a reaction becomes the removal of this
    // reaction, because clients that reconnect apply the events of the log.
    private static void EraseBodies(DbConnection connection, string id)
    {
        var rows = connection.Query<(long Room, long Seq, string Kind, string Author, string Body)>(
            """SELECT room, seq, kind, author, body FROM events WHERE body IS NOT NULL AND (author = @id OR (kind = 'moderated' AND body LIKE '%"user":%'))""",
            new { id }).AsList();
        using var update = new Statement(connection, "UPDATE events SET body = @p3 WHERE room = @p1 AND seq = @p2", 3);
        foreach (var (room, seq, kind, author, json) in rows)
        {
            var body = EventBody.Decode(json);
            var erased = body;
            if (author == id && kind == RoomEventKindName.Format(RoomEventKind.Message))
                erased = new EventBody(body.Reply, Bot: body.Bot);
            else if (author == id && kind == RoomEventKindName.Format(RoomEventKind.Reacted))
                erased = body with { Off = true };
            if (erased.User == id)
                erased = erased with { UserName = ErasedUser.Name };
            if (erased != body)
                update.Execute(room, seq, erased.EncodeOrNull());
        }
    }

    // The row of a guest is removed some time after the guest's last session. The guest's events stay, so this method also looks for the id among the
    // authors of events.
    private static bool TryFindById(DbConnection connection, string id, out (string Id, string Name) user)
    {
        user = connection.QueryFirstOrDefault<(string Id, string Name)>(
            """
            SELECT * FROM (SELECT id, name FROM users WHERE id = @id)
            UNION ALL SELECT * FROM (SELECT author, name FROM events WHERE author = @id ORDER BY at DESC LIMIT 1)
            """,
            new { id });
        return user.Id is not null;
    }
}
