using System.Net;
using Lib.Net.Http.WebPush;
using Lib.Net.Http.WebPush.Authentication;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Push;

/// <summary>Encrypts push messages (RFC 8291) and sends them to push services (RFC 8030), with the server's signature (RFC 8292). Thread-safe.</summary>
internal sealed class PushClient : IDisposable
{
    // The time for which the push service keeps a message if the browser has no network. An older message is useless.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly HttpClient _http;
    private readonly PushServiceClient _client;
    private readonly VapidAuthentication _authentication;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    /// <param name="options">The settings, in which the keys are set.</param>
    public PushClient(PushConnector connector, IOptions<PushOptions> options, TimeProvider time)
    {
        _time = time;
        _timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        _http = new HttpClient(new ShortAnswers(connector.CreateHandler(_timeout))) { Timeout = Timeout.InfiniteTimeSpan };
        _authentication = new VapidAuthentication(options.Value.PublicKey, options.Value.PrivateKey) { Subject = options.Value.Subject };
        _client = new PushServiceClient(_http) { DefaultAuthentication = _authentication, AutoRetryAfter = false };
    }

    /// <summary>Sends a message. Returns when the push service has answered, or when the attempt has failed.</summary>
    /// <param name="content">The text of the message.</param>
    /// <param name="topic">
    /// If the push service still has a message with the same topic, the new message replaces it (RFC 8030, section 5.4). At most 32 characters of
    /// base64url.
    /// </param>
    /// <param name="isUrgent">Whether a device that saves power should get the message immediately.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<PushResult> SendAsync(StoredPushSubscription stored, string content, string topic, bool isUrgent, CancellationToken cancellationToken)
    {
        var subscription = new PushSubscription { Endpoint = stored.Endpoint };
        subscription.SetKey(PushEncryptionKeyName.P256DH, stored.Key);
        subscription.SetKey(PushEncryptionKeyName.Auth, stored.Secret);
        var message = new PushMessage(content)
        {
            Topic = topic,
            TimeToLive = (int)Lifetime.TotalSeconds,
            Urgency = isUrgent ? PushMessageUrgency.High : PushMessageUrgency.Normal,
        };
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await _client.RequestPushMessageDeliveryAsync(subscription, message, either.Token);
            return new PushResult(PushOutcome.Delivered);
        }
        catch (PushServiceClientException fault)
        {
            var after = fault.Headers?.RetryAfter;
            return PushResult.FromStatus(fault.StatusCode, after is null ? null : after.Delta ?? (after.Date - _time.GetUtcNow()));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new PushResult(PushOutcome.ServiceFailed);
        }
    }

    public void Dispose()
    {
        _authentication.Dispose();
        _http.Dispose();
    }

    /// <summary>
    /// Removes the body of each answer before the library gets the answer. The library would read the whole body of an error, and a user can
    /// subscribe with the address of a server that sends an endless body.
    /// </summary>
    private sealed class ShortAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            await OutgoingConnector.DrainAsync(response, cancellationToken);
            response.Content.Dispose();
            response.Content = new ByteArrayContent([]);
            return response;
        }
    }
}

/// <summary>The result of one attempt.</summary>
/// <param name="RetryAfter">How long the server should wait before the next request; null if the push service has not said this.</param>
internal readonly record struct PushResult(PushOutcome Outcome, TimeSpan? RetryAfter = null)
{
    /// <summary>Interprets the status of an answer (RFC 8030, sections 5 and 7.3).</summary>
    public static PushResult FromStatus(HttpStatusCode status, TimeSpan? retryAfter) => (int)status switch
    {
        >= 200 and < 300 => new(PushOutcome.Delivered),
        404 or 410 => new(PushOutcome.Gone),
        429 => new(PushOutcome.Limited, retryAfter),
        >= 500 => new(PushOutcome.ServiceFailed, retryAfter),
        _ => new(PushOutcome.Refused),
    };
}

internal enum PushOutcome
{
    Delivered,

    /// <summary>The subscription does not exist any more.</summary>
    Gone,

    /// <summary>The browser gets too many messages.</summary>
    Limited,

    /// <summary>The push service does not accept this message.</summary>
    Refused,

    /// <summary>The push service cannot be reached, does not answer in time, or has an error.</summary>
    ServiceFailed,
}
