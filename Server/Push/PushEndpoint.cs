using System.Globalization;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Push;

/// <summary>
/// <c>GET /push</c> returns the public key of this server, <c>POST /push</c> stores the subscription of a browser, and <c>DELETE /push</c> removes it.
/// </summary>
internal sealed class PushEndpoint(
    IPushStore store, PushDelivery delivery, PushConnector connector, SessionStore sessions, OriginPolicy origins, ConnectionRegistry connections, IOptions<PushOptions> options, IOptions<AuthOptions> auth, TimeProvider time)
{
    /// <summary>The maximum number of subscriptions of a session. A browser has one subscription, and replaces it from time to time.</summary>
    public const int MaxPerSession = 5;

    // An endpoint has at most 2,000 characters, the keys have about 120.
    private const int MaxBodyBytes = 8 * 1024;

    private const string Hint = """{"endpoint":"https://push.example.org/…","keys":{"p256dh":"…","auth":"…"},"level":"all"}""";

    // The maximum number of bytes of all request bodies together.
    private readonly ByteBudget _bodies = new(1024 * 1024);

    public async Task InvokeAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (!options.Value.IsConfigured)
        {
            await context.RejectAsync(ErrorCode.NotOffered, "this server sends no push messages", status: StatusCodes.Status404NotFound);
            return;
        }

        if (HttpMethods.IsGet(method))
        {
            await context.AnswerAsync(StatusCodes.Status200OK, PushJson.Write(new PushKeyAnswer(options.Value.PublicKey!)));
            return;
        }

        if (!HttpMethods.IsPost(method) && !HttpMethods.IsDelete(method))
        {
            await context.RejectMethodAsync($"{HttpMethods.Get}, {HttpMethods.Post}, {HttpMethods.Delete}, {HttpMethods.Options}", "POST a subscription here, or DELETE it", Hint);
            return;
        }

        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            await context.RejectAddressAsync();
            return;
        }

        try
        {
            await ChangeAsync(context, account);
        }
        catch (StorageException)
        {
            await context.RejectAsync(ErrorCode.Unavailable, "the server cannot store the subscription at the moment; try again in a moment", retryAfterMs: 1000);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    // Handles POST and DELETE: stores or removes a subscription.
    private async Task ChangeAsync(HttpContext context, AddressAccount account)
    {
        if (await FindSessionAsync(context) is not { } session)
        {
            account.Charge(Cost.Error);
            return;
        }

        if (!account.TryCharge(Cost.Subscription, out var retryAfterMs))
        {
            await context.RejectAsync(ErrorCode.RateLimited, $"too many requests from your address; wait {retryAfterMs / 1000.0:0.0} s", retryAfterMs: retryAfterMs);
            return;
        }

        using var body = new RequestBody(context, _bodies);
        if (await body.ReadAsync(MaxBodyBytes, $"the body must have at most {MaxBodyBytes} bytes") is not { } bytes)
            return;
        if (PushJson.TryRead(bytes.Span) is not { } request)
            await RejectAsync(context, account, ErrorCode.BadJson, "the body is not a subscription in JSON");
        else if (string.IsNullOrEmpty(request.Endpoint))
            await RejectAsync(context, account, ErrorCode.MissingField, "\"endpoint\" is missing");
        else if (HttpMethods.IsDelete(context.Request.Method))
            await RemoveAsync(context, request.Endpoint, session);
        else
            await SaveAsync(context, account, request, session);
    }

    private async Task RemoveAsync(HttpContext context, string endpoint, string session)
    {
        await store.RemoveAsync(endpoint, session, CancellationToken.None);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    // Checks a subscription, and stores it or answers with an error.
    private async Task SaveAsync(HttpContext context, AddressAccount account, PushRequest request, string session)
    {
        if (request.Keys is not { P256dh: { } key, Auth: { } secret })
            await RejectAsync(context, account, ErrorCode.MissingField, "\"keys\" needs \"p256dh\" and \"auth\"");
        else if (!PushKeys.IsPublicKey(key) || !PushKeys.IsSecret(secret))
            await RejectAsync(context, account, ErrorCode.BadField, "\"keys\" are not the keys of a browser");
        else if (request.Level is not (null or "all" or "mentions"))
            await RejectAsync(context, account, ErrorCode.BadField, "\"level\" must be all or mentions");
        else if (!TryParseQuiet(request.QuietUntil, out var quietUntil))
            await RejectAsync(context, account, ErrorCode.BadField, "\"quietUntil\" must be a time such as 2026-11-23T10:02:31.123Z, or forever");
        else if (await connector.FindUrlErrorAsync(request.Endpoint!, context.RequestAborted) is { } error)
            await RejectAsync(context, account, ErrorCode.BadField, $"\"endpoint\" {error}");
        else if (await store.SaveAsync(
            new StoredPushSubscription(request.Endpoint!, session, key, secret, request.Level == "mentions", quietUntil, time.GetUtcNow()), MaxPerSession, options.Value.PerUser, CancellationToken.None))
        {
            delivery.OnSubscribed();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else
        {
            // The session is not stored yet, or it has just ended.
            await context.RejectAsync(ErrorCode.Unavailable, "the session is not stored; try again in a moment", retryAfterMs: 1000);
        }
    }

    // Returns the hash of the session's token. If the request has no valid session, answers the request with an error and returns null.
    private async Task<string?> FindSessionAsync(HttpContext context)
    {
        if (!origins.Allows(context) || OriginPolicy.IsCrossSite(context))
            await context.RejectAsync(ErrorCode.NotAllowed, OriginPolicy.GetRejectionText(context));
        else if (await SessionCredential.FindAsync(context) is not { } found)
            await context.RejectMissingSessionAsync(StartHint.Hello);
        else if (await sessions.FindUserByTokenAsync(found.Token) is not { } user)
            await context.RejectUnknownSessionAsync(StartHint.Hello);
        else if (user.IsGuest && !auth.Value.Guests)
            await context.RejectAsync(ErrorCode.NotAllowed, "this server has no guests; log in first");
        else
            return SessionToken.ComputeHash(found.Token);
        return null;
    }

    // Reads the time at which "do not disturb" ends; null if it is off.
    private static bool TryParseQuiet(string? text, out DateTimeOffset? quietUntil)
    {
        quietUntil = null;
        if (text is null)
            return true;
        if (text == "forever")
        {
            quietUntil = DateTimeOffset.MaxValue;
            return true;
        }

        var isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        quietUntil = time;
        return isTime;
    }

    private static Task RejectAsync(HttpContext context, AddressAccount account, string code, string text)
    {
        account.Charge(Cost.Error);
        return context.RejectAsync(code, text, Hint);
    }
}
