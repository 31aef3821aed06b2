using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Logging;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>
/// Handles the steps of a login. After the handler has validated the id token, the server starts a session of the chat, sets the session's
/// cookie and sends the person to the page. No other cookie and no token of the provider is kept.
/// </summary>
internal sealed class LoginEvents(ProviderLogins logins, IOptions<OidcOptions> options, TimeProvider time, ILogger<LoginEvents> logger) : OpenIdConnectEvents
{
    // Tells the page that it was opened by a login. Browsers do not send the fragment of an address to a server.
    private const string SignedInFragment = "#signed-in";

    private const int MaxReasonLength = 300;

    private readonly OidcOptions _options = options.Value;
    private readonly LogLimit _logLimit = LogLimit.CreateUsual(time);

    /// <summary>The claims that may have the name of a user. The server uses the first one that the user has.</summary>
    public static IEnumerable<string> FindNameClaims(OidcOptions options) => new[] { options.NameClaim, "preferred_username", "nickname" }.Distinct();

    /// <summary>
    /// Stores the issuer and the subject now. Later, the handler removes the issuer from the claims, and adds claims from the user info, which is
    /// not signed.
    /// </summary>
    public override Task TokenValidated(TokenValidatedContext context)
    {
        var subject = context.Principal?.FindFirst(_options.SubjectClaim)?.Value;
        var issuer = context.SecurityToken.Issuer;
        // The handler would accept an id token without a signature, because the token comes from the provider over TLS. This server rejects such a
        // token, because all providers sign their tokens.
        if (context.SecurityToken.SignatureAlgorithm is null or SecurityAlgorithms.None)
            context.Fail(new LoginFault("the id token has no signature"));
        else if (!ExternalIdentity.IsSubject(subject) || !ExternalIdentity.IsIssuer(issuer))
            context.Fail(new LoginFault($"the claim \"{_options.SubjectClaim}\" of the id token must be a text of 1 to {ExternalIdentity.MaxSubjectLength} characters"));
        else
            context.HttpContext.Features.Set(new VerifiedSubject(issuer, subject!));
        return Task.CompletedTask;
    }

    /// <summary>Starts the session of the chat, and sends the person to the page.</summary>
    public override async Task TicketReceived(TicketReceivedContext context)
    {
        context.HandleResponse();
        var (http, page) = (context.HttpContext, GetPage(context.HttpContext, context.ReturnUri));
        var claims = context.Principal!;
        if (FindUnsatisfied(claims) is { } condition)
        {
            Report($"the user has no value of \"{condition}\" that Auth:Oidc:Require lists");
            await LoginPage.RejectAsync(http, StatusCodes.Status403Forbidden, "You have logged in, but you may not use this chat.", page);
            return;
        }

        var subject = http.Features.GetRequiredFeature<VerifiedSubject>();
        var name = FindNameClaims(_options).Select(claim => claims.FindFirst(claim)?.Value).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));
        var (token, error) = await logins.LoginAsync(new ExternalIdentity(subject.Issuer, subject.Id, name ?? ""));
        if (token is null)
        {
            var status = error!.Code == ErrorCode.Unavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError;
            await LoginPage.RejectAsync(http, status, "The chat cannot look up your account at the moment. Please try again in a moment.", page);
            return;
        }

        SessionCredential.SetCookie(http, token);
        LoginPage.SetHeaders(http.Response);
        http.Response.Redirect(page + SignedInFragment);
    }

    /// <summary>Shows the person why the login failed.</summary>
    public override Task RemoteFailure(RemoteFailureContext context)
    {
        context.HandleResponse();
        return RejectAsync(context.HttpContext, context.Failure!, GetPage(context.HttpContext, context.Properties?.RedirectUri));
    }

    /// <summary>Answers with a page that says why the login failed. Logs the reason, unless the person caused the failure.</summary>
    /// <param name="context">The request.</param>
    /// <param name="fault">Why the login failed.</param>
    /// <param name="page">The address of the chat to which the login should lead.</param>
    public Task RejectAsync(HttpContext context, Exception fault, string page)
    {
        var (status, sentence, isForOperator) = Describe(fault);
        if (isForOperator)
            Report($"{fault.GetType().Name}: {fault.Message}{(fault.InnerException is { } inner ? $" {inner.Message}" : "")}");
        return LoginPage.RejectAsync(context, status, sentence, page);
    }

    /// <summary>Logs that a proxy hides TLS from the server.</summary>
    public void ReportHiddenTls()
    {
        if (_logLimit.TryTake(out var dropped))
            Log.TlsHidden(logger, dropped);
    }

    private static (int Status, string Sentence, bool IsForOperator) Describe(Exception fault) => fault switch
    {
        OpenIdConnectProtocolException when fault.Data["error"] is "access_denied" =>
            (StatusCodes.Status403Forbidden, "The login was cancelled, or you may not use this chat.", false),
        // The state is missing, is not from this process, or belongs to another browser.
        AuthenticationFailureException =>
            (StatusCodes.Status400BadRequest, "This login took too long, or was used already. If this happens again, allow cookies for this address.", false),
        SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenInvalidLifetimeException =>
            (StatusCodes.Status502BadGateway, "The clock of the login service and the clock of this server differ too much.", true),
        _ when IsUnreachable(fault) => (StatusCodes.Status503ServiceUnavailable, "The login service does not answer at the moment. Please try again in a minute.", true),
        _ => (StatusCodes.Status502BadGateway, "This server cannot accept the answer of the login service. The operator finds the reason in the server’s log.", true),
    };

    private static bool IsUnreachable(Exception? fault) =>
        fault is not null && (fault is HttpRequestException or IOException or TimeoutException or OperationCanceledException || IsUnreachable(fault.InnerException));

    // If the state of the login is lost, the server does not know the room, so it opens the page without a room.
    private static string GetPage(HttpContext context, string? page) => page ?? $"{context.Request.PathBase}/";

    private string? FindUnsatisfied(System.Security.Claims.ClaimsPrincipal claims) =>
        _options.Require.Select(condition => condition.Split('=', 2)).GroupBy(pair => pair[0], pair => pair[1])
            .FirstOrDefault(allowed => !claims.FindAll(allowed.Key).Any(claim => allowed.Contains(claim.Value, StringComparer.Ordinal)))?.Key;

    // The text may come from the provider, or from the address that a browser opened. It must not fill the log, and must not control a terminal.
    private void Report(string reason)
    {
        if (_logLimit.TryTake(out var dropped))
            Log.LoginFailed(logger, string.Concat(reason.Take(MaxReasonLength).Select(c => char.IsControl(c) ? ' ' : c)), dropped);
    }

    private sealed record VerifiedSubject(string Issuer, string Id);

    /// <summary>The id token is valid, but the server cannot use it.</summary>
    private sealed class LoginFault(string message) : Exception(message);
}
