using System.Globalization;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What a request asks for.</summary>
/// <param name="Session">Whose frames.</param>
/// <param name="From">The cursor after which they are wanted.</param>
/// <param name="IsOutrun">Another request has confirmed what follows: that one goes on, and this one is told.</param>
internal sealed record Reading(HttpSession Session, long From, bool IsOutrun)
{
    public Attendance Attend(string way, CancellationToken aborted) => Session.Attend(way, IsOutrun, aborted);
}

internal static class CursorQuery
{
    /// <summary>The session's frames from the cursor on that a request names. Null: it names none that is a number, and was answered.</summary>
    internal static async Task<Reading?> ReaderAsync(this HttpSessions sessions, HttpContext context, string? lastEventId = null)
    {
        if (await sessions.OfReaderAsync(context) is not { } session)
            return null;
        var given = lastEventId ?? context.Request.Query["after"].ToString();
        long? cursor = null;
        if (given.Length > 0)
        {
            if (!long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                await context.RefuseAsync(ErrorCode.BadField, "\"after\" is the \"next\" of the last answer: a whole number, or nothing at all", "after=0");
                return null;
            }

            cursor = number;
        }

        await session.Greeted;
        var standing = session.Outbox.Confirm(cursor, out var from);
        if (standing == CursorStanding.Unknown)
        {
            session = sessions.BeginAnew(session, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}");
            await session.Greeted;
            session.Outbox.Confirm(null, out from);
        }

        return new Reading(session, from, standing == CursorStanding.Outrun);
    }
}
