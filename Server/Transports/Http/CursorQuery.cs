using System.Globalization;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What a request for frames has got.</summary>
/// <param name="Session">Whose frames.</param>
/// <param name="Attendance">Its place with them, which is to be left by <see cref="HttpSession.Leave"/>.</param>
/// <param name="From">The cursor after which they are wanted.</param>
internal sealed record Reading(HttpSession Session, Attendance Attendance, long From);

internal static class CursorQuery
{
    /// <summary>
    /// Has a request attend its session from the cursor on that it names. Null: it may not, or it names none that is a number, and was
    /// answered; or its peer went away while it waited.
    /// </summary>
    internal static async Task<Reading?> ReaderAsync(this HttpSessions sessions, HttpContext context, string way, string? lastEventId = null)
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

        while (await IsGreetedAsync(session, context.RequestAborted))
        {
            if (session.Attend(cursor, way, context.RequestAborted, out var from) is { } attendance)
                return new Reading(session, attendance, from);
            session = sessions.BeginAnew(session, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}");
            cursor = null;
        }

        return null;
    }

    // False: the peer is gone.
    private static async Task<bool> IsGreetedAsync(HttpSession session, CancellationToken aborted)
    {
        using var asking = session.BeginAsking();
        await session.Greeted.WaitAsync(aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !aborted.IsCancellationRequested;
    }
}
