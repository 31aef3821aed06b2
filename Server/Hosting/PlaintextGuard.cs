using System.Net;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports;

namespace RawSocketChat.Server.Hosting;

/// <summary>Which machines may connect without TLS. Section <c>Plaintext</c>.</summary>
public sealed class PlaintextOptions
{
    public const string Section = "Plaintext";

    /// <summary>
    /// True lets other machines connect without TLS. If false, only clients on this machine may connect without TLS; a TLS proxy on this
    /// machine is such a client. Default false.
    /// </summary>
    public bool Allowed { get; set; }
}

public static class PlaintextGuard
{
    /// <summary>Rejects requests without TLS from other machines (403), unless the settings allow them.</summary>
    public static IApplicationBuilder UsePlaintextGuard(this IApplicationBuilder app, PlaintextOptions options) =>
        options.Allowed ? app : app.Use(next => context => IsAllowed(context) ? next(context) : RejectAsync(context));

    private static bool IsAllowed(HttpContext context) =>
        context.Request.IsHttps || ProxyPeer.GetAddress(context) is not { } remote || IPAddress.IsLoopback(remote);

    private static Task RejectAsync(HttpContext context) => context.AnswerTextAsync(
        StatusCodes.Status403Forbidden,
        "Only this machine may connect without TLS. The operator can put a proxy with TLS in front, or allow it with --Plaintext:Allowed true");
}
