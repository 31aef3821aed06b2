using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>A receiver of webhooks in this process, over HTTP on the loopback address. It answers 204, unless a test changes its answer.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<ReceivedWebhook> _received = [];
    private int _running;

    private WebhookReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First() + "/chat";

    /// <summary>The answer to each request.</summary>
    public Func<ReceivedWebhook, HttpContext, Task> Answer { get; set; } = (_, context) => SetStatus(context, 204);

    /// <summary>The maximum number of requests that were running at the same time.</summary>
    public int MaxRunning { get; private set; }

    public IReadOnlyList<ReceivedWebhook> Received
    {
        get
        {
            lock (_received)
                return [.. _received];
        }
    }

    /// <summary>The texts of the received messages, in order.</summary>
    public IEnumerable<string?> Texts => Received.Select(webhook => (string?)webhook.Data["text"]);

    public static async Task<WebhookReceiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        return receiver;
    }

    public static Task SetStatus(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Waits until this number of requests has arrived.</summary>
    public async Task<IReadOnlyList<ReceivedWebhook>> ExpectAsync(int count)
    {
        await TestWait.UntilAsync(() => Received.Count >= count, () => $"{count} requests; received {Received.Count}");
        return Received;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var webhook = new ReceivedWebhook(
            context.Request.Method, context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value)), await reader.ReadToEndAsync());
        lock (_received)
        {
            _received.Add(webhook);
            MaxRunning = Math.Max(MaxRunning, ++_running);
        }

        try
        {
            await Answer(webhook, context);
        }
        finally
        {
            lock (_received)
                _running--;
        }
    }
}

/// <summary>A request that the receiver got.</summary>
public sealed record ReceivedWebhook(string Method, string Path, IHeaderDictionary Headers, string Body)
{
    public string Id => Headers["webhook-id"].Single()!;

    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Type => (string)Json["type"]!;

    public JsonNode Data => Json["data"]!;

    public long Seq => (long)Data["seq"]!;
}
