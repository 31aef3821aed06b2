using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Polling;

/// <summary>Interval polling: answers immediately with the frames that are available.</summary>
internal sealed class PollMiddleware(SessionRequests requests)
{
    private const string TransportName = "poll";

    public Task InvokeAsync(HttpContext context) => requests.PollAsync(context, TransportName, TimeSpan.Zero);
}
