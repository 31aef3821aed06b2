using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Polling;

/// <summary>Interval polling: what there is, at once, as pages asked before there was anything better.</summary>
internal sealed class PollMiddleware(HttpSessions sessions, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (await sessions.ReaderAsync(context, "poll") is { } reading)
            await PollAnswer.RunAsync(context, reading, TimeSpan.Zero, time);
    }
}
