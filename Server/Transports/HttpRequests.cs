using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Transports;

/// <summary>Reads the values that the HTTP transports need from a request.</summary>
internal static class HttpRequests
{
    /// <summary>The peer's address and port, for logs.</summary>
    public static string GetRemote(this HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    /// <summary>The value of a query parameter; null if it is missing or empty.</summary>
    public static string? GetParameter(this HttpContext context, string name) => context.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;

    /// <summary>Whether the client asks for the text format instead of JSON (<c>format=text</c>).</summary>
    public static bool WantsText(this HttpContext context) => context.Request.Query["format"] == FrameFormat.Text;

    /// <summary>The error of a request that asks for an unknown format; null if the format is known, or if the request names none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="offersText">Whether the address offers the text format too.</param>
    public static ChatError? FindFormatError(this HttpContext context, bool offersText) => context.GetParameter("format") switch
    {
        null or FrameFormat.Json => null,
        FrameFormat.Text when offersText => null,
        FrameFormat.Text => new ChatError(
            ErrorCode.BadField, $"this address sends only json; {context.GetPath("/ws")} and {context.GetPath("/stream")} send json or text", $"{context.GetPath("/stream")}?format={FrameFormat.Text}"),
        var format => new ChatError(ErrorCode.BadField, $"there is no format \"{Shorten(format)}\"; text and json are known", $"format={FrameFormat.Text}"),
    };

    /// <summary>Whether a page says that its browser keeps no cookies, so that the page must hold its token itself (<c>cookie=none</c>).</summary>
    public static bool KeepsNoCookies(this HttpContext context) => context.Request.Query["cookie"] == "none";

    /// <summary>Whether the client asks for the time of each write (<c>wire=1</c>).</summary>
    public static bool WantsWriteTimes(this HttpContext context) => context.Request.Query["wire"] == "1";

    /// <summary>Whether the client asks for <c>pong</c> frames that show how the network delays a stream (<c>probe=1</c>).</summary>
    public static bool WantsProbes(this HttpContext context) => context.Request.Query["probe"] == "1";

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
