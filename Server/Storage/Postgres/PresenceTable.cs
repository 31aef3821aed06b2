using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Reads and writes the table <c>presence</c>, which has the users in each room at each server.</summary>
internal static class PresenceTable
{
    /// <summary>Writes which users are in these rooms at a server. If a room has no users, removes its row.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, int node, IReadOnlyDictionary<LoggedRoom, LocalPresence> rooms)
    {
        var used = rooms.Where(room => room.Value.Count > 0).DistinctBy(room => room.Key.Id).OrderBy(room => room.Key.Id).ToList();
        var empty = rooms.Where(room => room.Value.Count == 0).Select(room => room.Key.Id).Except(used.Select(room => room.Key.Id)).ToArray();
        if (used.Count > 0)
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO presence (room, node, members, people) SELECT room, @node, members, people FROM unnest(@ids, @counts, @people) n (room, members, people)
                ON CONFLICT (room, node) DO UPDATE SET members = excluded.members, people = excluded.people
                """,
                new
                {
                    node = (long)node,
                    ids = used.Select(room => room.Key.Id).ToArray(),
                    counts = used.Select(room => (long)room.Value.Count).ToArray(),
                    people = used.Select(room => room.Value.People.Count == 0 ? null : JsonSerializer.Serialize(room.Value.People, PresenceJson.Default.IReadOnlyDictionaryStringString)).ToArray(),
                });
        }

        if (empty.Length > 0)
            await connection.ExecuteAsync("DELETE FROM presence WHERE node = @node AND room = ANY(@empty)", new { node = (long)node, empty });
    }

    /// <summary>Reads which users are in rooms at the other servers.</summary>
    /// <param name="live">The numbers of the other servers that are alive.</param>
    /// <returns>An entry for each room that has users at a server which is alive.</returns>
    public static Dictionary<long, RemotePresence> Read(StorageReader reader, IReadOnlySet<long> live, long[] rooms)
    {
        if (live.Count == 0)
            return [];
        return reader.Connection.Query<(long Room, long Members, string? People)>(
            "SELECT room, members, people FROM presence WHERE room = ANY(@rooms) AND node = ANY(@nodes)", new { rooms, nodes = live.ToArray() })
            .GroupBy(row => row.Room)
            .ToDictionary(rows => rows.Key, rows => new RemotePresence(
                rows.SelectMany(row => Parse(row.People)).DistinctBy(user => user.Key).ToDictionary(user => user.Key, user => user.Value),
                (int)rows.Where(row => row.People is null).Sum(row => row.Members)));
    }

    private static IReadOnlyDictionary<string, string> Parse(string? people) =>
        people is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize(people, PresenceJson.Default.IReadOnlyDictionaryStringString)!;
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class PresenceJson : JsonSerializerContext;
