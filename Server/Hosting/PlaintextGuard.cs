using System.Net;

namespace RawSocketChat.Server.Hosting;

/// <summary>Who may connect without TLS. Section <c>Plaintext</c>.</summary>
public sealed class PlaintextOptions
{
    public const string Section = "Plaintext";

    /// <summary>True lets other machines connect without TLS. Default false: only this machine, which a proxy that ends TLS runs on as well.</summary>
    public bool Allowed { get; set; }
}

public static class PlaintextGuard
{
    /// <summary>Refuses requests of other machines that come without TLS, unless the operator allows them.</summary>
    public static IApplicationBuilder UsePlaintextGuard(this IApplicationBuilder app, PlaintextOptions options) =>
        options.Allowed ? app : app.Use(next => context => IsSafe(context) ? next(context) : RefuseAsync(context));

    private static bool IsSafe(HttpContext context) =>
        context.Request.IsHttps || context.Connection.RemoteIpAddress is not { } remote || IPAddress.IsLoopback(remote);

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            "Only this machine may connect without TLS. The operator can put a proxy with TLS in front, or allow it with --Plaintext:Allowed true\n");
    }
}
