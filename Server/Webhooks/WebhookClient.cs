using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Webhooks;

/// <summary>Sends messages to receivers. Thread-safe.</summary>
internal sealed class WebhookClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    public WebhookClient(WebhookConnector connector, IOptions<WebhookOptions> options, TimeProvider time)
    {
        _time = time;
        _timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        _http = new HttpClient(connector.CreateHandler(_timeout)) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("RawSocketChat", "1"));
    }

    /// <summary>Sends a message. Returns when the receiver has answered, or when the attempt has failed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<WebhookResult> SendAsync(StoredWebhook webhook, WebhookMessage message, CancellationToken cancellationToken)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(webhook.Url)) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", message.Id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", WebhookSignature.Create(webhook.Secret, message.Id, timestamp, message.Body));
        using var timeout = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            await OutgoingConnector.DrainAsync(response, either.Token);
            return WebhookResult.FromStatus((int)response.StatusCode, ReadRetryAfter(response));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return WebhookResult.Failed(Describe(fault, request));
        }
    }

    public void Dispose() => _http.Dispose();

    private TimeSpan? ReadRetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } after ? null : after.Delta ?? (after.Date - _time.GetUtcNow());

    // Returns the error that owners see. If the receiver's address is not public, the error has no details.
    private string Describe(Exception fault, HttpRequestMessage request)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressNotAllowedException)
                return cause.Message;
        }

        var isPublic = request.Options.TryGetValue(OutgoingConnector.IsPublic, out var known) && known;
        return fault switch
        {
            OperationCanceledException when isPublic => $"the receiver has not answered within {_timeout.TotalSeconds} s",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when isPublic => "the TLS handshake failed, for example because the certificate is not valid",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } when isPublic => "the receiver's answer is not valid HTTP",
            HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } when isPublic => "the receiver has closed the connection without an answer",
            _ => "the receiver cannot be reached",
        };
    }
}
