using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>The three endless answers: server-sent events, lines, and the forever iframe.</summary>
internal sealed class StreamingMiddleware(HttpSessions sessions, TimeProvider time)
{
    private const string DefaultCallback = "parent.onFrame";

    // An EventSource asks again for the same address; what it got last it says in a header.
    public Task EventsAsync(HttpContext context)
    {
        var lastEventId = context.Request.Headers["Last-Event-ID"].ToString();
        return RunAsync(context, new EventsBody(), lastEventId.Length > 0 ? lastEventId : null);
    }

    public Task LinesAsync(HttpContext context) => RunAsync(context, new LinesBody(asText: context.Request.Query["format"] == "text"));

    public Task IframeAsync(HttpContext context)
    {
        var callback = context.Request.Query["callback"].ToString() is { Length: > 0 } given ? given : DefaultCallback;
        return ScriptFraming.IsCallback(callback)
            ? RunAsync(context, new IframeBody(callback, sessions.Options.IframeBytes))
            : context.RefuseAsync(ErrorCode.BadField, "\"callback\" is the name of a function: letters, digits, _ and $, joined by dots", $"callback={DefaultCallback}");
    }

    private async Task RunAsync(HttpContext context, StreamBody body, string? lastEventId = null)
    {
        if (await sessions.ReaderAsync(context, body.Way, lastEventId) is { } reading)
            await new StreamRun(context, reading, body, sessions.Options, time, probing: context.Request.Query["probe"] == "1", stamping: WireStamp.IsAsked(context)).RunAsync();
    }
}
