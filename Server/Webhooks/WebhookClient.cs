using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Webhooks;

/// <summary>Sends messages to receivers. Thread-safe.</summary>
internal sealed class WebhookClient : IDisposable
{
    // The server needs only the status. It reads the rest of a short answer, so that the connection can be used again.
    private const int MaxAnswerBytes = 16 * 1024;
    private const int MaxHeaderKilobytes = 16;

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    public WebhookClient(WebhookConnector connector, IOptions<WebhookOptions> options, TimeProvider time)
    {
        _time = time;
        _timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        var handler = new SocketsHttpHandler
        {
            // A redirect could lead to an address that nobody has set, and a cookie of one receiver has no meaning for another one.
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would resolve the name of the receiver itself, so the check of the addresses would have no effect.
            UseProxy = false,
            ConnectCallback = connector.ConnectAsync,
            ConnectTimeout = _timeout,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            MaxResponseDrainSize = MaxAnswerBytes,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ActivityHeadersPropagator = null,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
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
            await DrainAsync(response, either.Token);
            return WebhookResult.FromStatus((int)response.StatusCode, ReadRetryAfter(response));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return WebhookResult.Failed(Describe(fault, request));
        }
    }

    public void Dispose() => _http.Dispose();

    // A receiver that has sent its status has decided. So an error after the status changes nothing.
    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[4096];
            for (var total = 0; total < MaxAnswerBytes;)
            {
                var read = await content.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                    return;
                total += read;
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // The connection is not used again.
        }
    }

    private TimeSpan? ReadRetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is not { } after ? null : after.Delta ?? (after.Date - _time.GetUtcNow());

    private string Describe(Exception fault, HttpRequestMessage request)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressNotAllowedException)
                return cause.Message;
        }

        var isPublic = request.Options.TryGetValue(WebhookConnector.IsPublic, out var known) && known;
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
