using System.Globalization;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports.Http;

internal static class CursorQuery
{
    /// <summary>The session's frames from the cursor on that a request names. Null: it names none that is a number, and was answered.</summary>
    internal static async Task<(HttpSession Session, long From)?> ReaderAsync(this HttpSessions sessions, HttpContext context, string? lastEventId = null)
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
        if (session.Outbox.TryConfirm(cursor, out var from))
            return (session, from);

        session = sessions.BeginAnew(session, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}");
        await session.Greeted;
        session.Outbox.TryConfirm(null, out from);
        return (session, from);
    }
}
