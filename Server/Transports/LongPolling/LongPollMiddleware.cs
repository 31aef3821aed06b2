using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.LongPolling;

/// <summary>Long-polling: what there is, held until there is something. No thread and no buffer is held meanwhile.</summary>
internal sealed class LongPollMiddleware(HttpSessions sessions, TimeProvider time)
{
    private const double DefaultWait = 25;

    public async Task InvokeAsync(HttpContext context)
    {
        var wait = DefaultWait;
        if (context.Request.Query["wait"].ToString() is { Length: > 0 } given
            && !(double.TryParse(given, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out wait) && double.IsFinite(wait)))
        {
            await context.RefuseAsync(ErrorCode.BadField, "\"wait\" is how many seconds to wait at the most", "wait=25");
            return;
        }

        wait = Math.Min(wait, sessions.Options.LongPollSeconds);
        if (await sessions.ReaderAsync(context, "longpoll") is { } reading)
            await PollAnswer.RunAsync(context, reading, TimeSpan.FromSeconds(wait), time);
    }
}
