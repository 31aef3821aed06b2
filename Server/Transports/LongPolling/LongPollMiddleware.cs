using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.LongPolling;

/// <summary>
/// Long-polling: answers with the available frames. If there is none, waits for the next frame for a limited time. The wait needs no thread
/// and no buffer.
/// </summary>
internal sealed class LongPollMiddleware(SessionRequests requests)
{
    private const string TransportName = "longpoll";
    private const double DefaultWaitSeconds = 25;

    public async Task InvokeAsync(HttpContext context)
    {
        var wait = DefaultWaitSeconds;
        if (context.GetParameter("wait") is { } given
            && !(double.TryParse(given, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out wait) && double.IsFinite(wait)))
        {
            await context.RejectAsync(ErrorCode.BadField, "\"wait\" must be the maximum number of seconds to wait", "wait=25");
            return;
        }

        wait = Math.Min(wait, requests.Options.LongPollSeconds);
        await requests.PollAsync(context, TransportName, TimeSpan.FromSeconds(wait));
    }
}
