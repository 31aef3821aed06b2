using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>Serves the three streams: server-sent events, lines, and the forever iframe.</summary>
internal sealed class StreamingMiddleware(SessionRequests requests, TimeProvider time)
{
    private const string DefaultCallback = "parent.onFrame";

    // An EventSource reconnects with the same address, and sends its cursor in a header.
    public Task ServeEventsAsync(HttpContext context) => RunAsync(context, new EventsBody(), isEventSource: true);

    /// <summary>Answers with a stream of lines, as JSON or as text.</summary>
    public Task ServeLinesAsync(HttpContext context) => RunAsync(context, new LinesBody(context.WantsText()), offersText: true);

    /// <summary>Answers with an HTML page whose script elements call a function of the page around it.</summary>
    public Task ServeIframeAsync(HttpContext context)
    {
        var callback = context.GetParameter("callback") ?? DefaultCallback;
        return ScriptFraming.IsValidCallback(callback)
            ? RunAsync(context, new IframeBody(callback, requests.Options.IframeBytes))
            : context.RejectAsync(ErrorCode.BadField, "\"callback\" must be the name of a function: letters, digits, _ and $, joined by dots", $"callback={DefaultCallback}");
    }

    private async Task RunAsync(HttpContext context, StreamBody body, bool isEventSource = false, bool offersText = false)
    {
        if (await requests.BeginReadAsync(context, body.TransportName, isEventSource, offersText) is { } request)
            await new StreamResponse(context, request, body, requests.Options, time).RunAsync();
    }
}
