using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>
/// The two addresses of a login with an OpenID Connect provider. ASP.NET Core's handler communicates with the provider. The handler runs only for these
/// addresses, so it costs the other requests nothing.
/// </summary>
internal sealed class LoginEndpoint(
    IOptions<OidcOptions> options,
    IOptionsMonitor<OpenIdConnectOptions> handlerOptions,
    LoginEvents events,
    ConnectionRegistry connections,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers)
{
    /// <summary>The name of the handler's options.</summary>
    public const string Scheme = "oidc";

    /// <summary>The path to which the provider sends the person back.</summary>
    public const string CallbackPath = "/login/callback";

    private static readonly AuthenticationScheme HandlerScheme = new(Scheme, displayName: null, typeof(OpenIdConnectHandler));

    private readonly Lock _gate = new();
    private readonly Uri? _publicOrigin = options.Value.PublicOrigin is { } origin ? new Uri(origin) : null;
    private Task _reading = Task.CompletedTask;

    /// <summary>Sends the person to the provider.</summary>
    public Task StartAsync(HttpContext context) => RunAsync(context, async () =>
    {
        if (!ReturnAddress.TryRead(context.Request.Query["return"], context.Request.PathBase, out var page))
        {
            await LoginPage.RejectAsync(
                context, StatusCodes.Status400BadRequest, $"The parameter “return” must be an address of this chat, such as {context.Request.PathBase}/?room=lobby.", page);
            return;
        }

        if (IsTlsHidden(context))
        {
            events.ReportHiddenTls();
            await LoginPage.RejectAsync(
                context, StatusCodes.Status500InternalServerError, "The server cannot see that this page uses https, so the login would fail. The operator finds the reason in the server’s log.", page);
            return;
        }

        try
        {
            await ReadProviderAsync().WaitAsync(context.RequestAborted);
            var handler = await CreateHandlerAsync(context);
            await handler.ChallengeAsync(new AuthenticationProperties { RedirectUri = page });
            LoginPage.SetHeaders(context.Response);
        }
#pragma warning disable CA1031 // after any error of the provider, the person gets a page that describes it
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            await events.RejectAsync(context, fault, page);
        }
    });

    /// <summary>Reads the provider's answer, and logs the person in.</summary>
    public Task CompleteAsync(HttpContext context) => RunAsync(context, async () =>
    {
        var handler = await CreateHandlerAsync(context);
        await handler.HandleRequestAsync();
    });

    private async Task RunAsync(HttpContext context, Func<Task> run)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await context.RejectMethodAsync(HttpMethods.Get, "open this address in a browser");
            return;
        }

        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            await context.RejectAddressAsync();
            return;
        }

        // A provider that does not answer must not delay the stop of the server.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.RequestAborted = ended.Token;
        try
        {
            // Each login starts a session that the server keeps, and costs a request to the provider. A failed attempt is charged equally.
            account.Charge(Cost.Guest);
            if (_publicOrigin is not null)
                (context.Request.Scheme, context.Request.Host) = (_publicOrigin.Scheme, HostString.FromUriComponent(_publicOrigin));
            await run();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.Response.HasStarted)
        {
            await LoginPage.RejectAsync(context, StatusCodes.Status503ServiceUnavailable, "The chat server stops. Please try again in a minute.", $"{context.Request.PathBase}/");
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    private async Task<OpenIdConnectHandler> CreateHandlerAsync(HttpContext context)
    {
        var handler = new OpenIdConnectHandler(handlerOptions, loggers, HtmlEncoder.Default, UrlEncoder.Default);
        await handler.InitializeAsync(HandlerScheme, context);
        return handler;
    }

    // Logins that wait at the same time share one read. If each login began its own read while the provider is down, the logins would wait for one
    // timeout after another.
    private Task ReadProviderAsync()
    {
        lock (_gate)
        {
            if (_reading.IsCompleted)
                _reading = handlerOptions.Get(Scheme).ConfigurationManager!.GetConfigurationAsync(CancellationToken.None);
            return _reading;
        }
    }

    // Browsers send Sec-Fetch-Site only over TLS, or to a server on the same machine (W3C Fetch Metadata, section 2). If the header arrives without
    // TLS, a proxy has terminated TLS and has not told the server. The login would then set the cookie for plain HTTP, but the page uses the cookie
    // for TLS. The redirect address at the provider would begin with http.
    private static bool IsTlsHidden(HttpContext context) =>
        !context.Request.IsHttps && context.Request.Headers["Sec-Fetch-Site"].Count > 0 && !IsLoopback(context.Request.Host.Host);

    private static bool IsLoopback(string host) =>
        host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
