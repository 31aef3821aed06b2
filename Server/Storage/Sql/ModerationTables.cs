using System.Collections.Immutable;
using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Reads and writes the roles, mutes, bans and slow modes of the rooms.</summary>
internal static class ModerationTables
{
    private const long NoEnd = long.MaxValue;

    public static RoomModeration Read(DbConnection connection, string key)
    {
        var values = new { key };
        var members = connection.Query<(string User, string Role, long? MutedUntil)>(
            """
            SELECT m.user, m.role, m.muted_until FROM members m JOIN rooms r ON r.id = m.room
            WHERE r.name_key = @key AND (m.role <> 'member' OR m.muted_until IS NOT NULL)
            """,
            values).AsList();
        var bans = connection.Query<(string User, string Address, string Name, long? Until)>(
            "SELECT b.user, b.address, b.name, b.until FROM bans b JOIN rooms r ON r.id = b.room WHERE r.name_key = @key", values);
        return new RoomModeration
        {
            Roles = members.Where(member => member.Role != RoomRole.Member).ToImmutableDictionary(member => member.User, member => member.Role),
            Mutes = members.Where(member => member.MutedUntil is not null).ToImmutableDictionary(member => member.User, member => ToTime(member.MutedUntil)),
            Bans =
            [
                .. bans.GroupBy(ban => ban.User).Select(rows => new RoomBan(
                    rows.Key, rows.First().Name, [.. rows.Select(row => row.Address).Where(address => address.Length > 0)], ToTime(rows.First().Until))),
            ],
            SlowSeconds = connection.QueryFirstOrDefault<long>("SELECT slow_seconds FROM rooms WHERE name_key = @key", values),
        };
    }

    /// <summary>Stores what an action changes.</summary>
    public static void Apply(DbConnection connection, long room, ModerationDetails done, DateTimeOffset at)
    {
        var until = RoomModeration.GetEnd(done, at)?.ToUnixTimeMilliseconds();
        var values = new { room, done.User, done.UserName, done.Role, done.Seconds, until, MutedUntil = until ?? NoEnd, Now = at.ToUnixTimeMilliseconds() };
        switch (done.Action)
        {
            case ModerationAction.Role:
                AddMember(connection, values);
                connection.Execute("UPDATE members SET role = @Role WHERE room = @room AND \"user\" = @User", values);
                break;
            case ModerationAction.Mute:
                AddMember(connection, values);
                connection.Execute("UPDATE members SET muted_until = @MutedUntil WHERE room = @room AND \"user\" = @User", values);
                break;
            case ModerationAction.Unmute:
                connection.Execute("UPDATE members SET muted_until = NULL WHERE room = @room AND \"user\" = @User", values);
                break;
            case ModerationAction.Slow:
                connection.Execute("UPDATE rooms SET slow_seconds = COALESCE(@Seconds, 0) WHERE id = @room", values);
                break;
            case ModerationAction.Unban:
                RemoveBan(connection, values);
                break;
            case ModerationAction.Kick or ModerationAction.Ban:
                connection.Execute("UPDATE members SET joined_at = NULL WHERE room = @room AND \"user\" = @User", values);
                if (!RoomModeration.IsBan(done))
                    break;
                RemoveBan(connection, values);
                connection.Execute(
                    "INSERT INTO bans (room, \"user\", address, name, until) VALUES (@room, @User, @address, @UserName, @until)",
                    done.Addresses.Append("").Distinct().Select(address => new { room, done.User, address, done.UserName, until }));
                break;
        }
    }

    private static void AddMember(DbConnection connection, object values) => connection.Execute(
        """
        INSERT INTO users (id, name, created_at) VALUES (@User, COALESCE(@UserName, ''), @Now) ON CONFLICT DO NOTHING;
        INSERT INTO members (room, "user") VALUES (@room, @User) ON CONFLICT DO NOTHING;
        """,
        values);

    private static void RemoveBan(DbConnection connection, object values) => connection.Execute("DELETE FROM bans WHERE room = @room AND \"user\" = @User", values);

    private static DateTimeOffset? ToTime(long? milliseconds) => milliseconds is null or NoEnd ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds.Value);
}
