using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// An HTTP proxy that behaves like the proxies of some offices and hotels. It can reject WebSocket requests or never answer them, reject
/// some paths, and buffer responses.
/// </summary>
public sealed class RestrictiveProxy : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });
    private readonly CancellationTokenSource _disposal = new();
    private readonly string _target;
    private int _reads;
    private CancellationTokenSource _abort = new();

    private RestrictiveProxy(WebApplication app, int target)
    {
        _app = app;
        _target = $"http://127.0.0.1:{target}";
        app.Run(HandleAsync);
    }

    public int Port { get; private set; }

    /// <summary>The status with which the proxy answers WebSocket requests; null: the proxy forwards them.</summary>
    public int? WebSocketRefusalStatus { get; set; }

    /// <summary>Whether the proxy accepts WebSocket requests but never answers them.</summary>
    public bool HangsWebSockets { get; set; }

    /// <summary>Paths that the proxy answers with 502.</summary>
    public IReadOnlyCollection<string> BlockedPaths { get; set; } = [];

    /// <summary>How long the proxy collects bytes of a response before it forwards them. Zero means no buffering.</summary>
    public TimeSpan BufferingDelay { get; set; }

    /// <summary>The requested paths, in order.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> RequestedPaths { get; } = [];

    public static async Task<RestrictiveProxy> StartAsync(int target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var proxy = new RestrictiveProxy(builder.Build(), target);
        await proxy._app.StartAsync();
        proxy.Port = proxy._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Select(address => new Uri(address).Port).Single();
        return proxy;
    }

    /// <summary>The maximum number of long-polls and streams that were running at the same time.</summary>
    public int MaxReads { get; private set; }

    /// <summary>Aborts all requests in progress.</summary>
    public void AbortAll() => Interlocked.Exchange(ref _abort, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync();
        AbortAll();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        _disposal.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        RequestedPaths.Enqueue(path);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _disposal.Token, _abort.Token);
        var isRead = path is "/longpoll" or "/events" or "/stream" or "/iframe";
        if (isRead)
        {
            lock (_gate)
                MaxReads = Math.Max(MaxReads, ++_reads);
        }

        try
        {
            if (path == "/ws" && HangsWebSockets)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel.Token);
            else if (path == "/ws" && WebSocketRefusalStatus is { } status)
                context.Response.StatusCode = status;
            else if (BlockedPaths.Contains(path))
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            else
                await ForwardAsync(context, cancel.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or HttpRequestException)
        {
            context.Abort();
        }
        finally
        {
            if (isRead)
            {
                lock (_gate)
                    _reads--;
            }
        }
    }

    private async Task ForwardAsync(HttpContext context, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), _target + context.Request.Path + context.Request.QueryString);
        request.Headers.Host = context.Request.Host.Value;
        if (context.Request.ContentLength > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, value) in context.Request.Headers.Where(header => header.Key is not "Host"))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, value.ToArray());
        }

        using var answer = await _http.SendAsync(request, cancel);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not "Transfer-Encoding"))
            context.Response.Headers[name] = values.ToArray();
        if (answer.StatusCode == HttpStatusCode.SwitchingProtocols)
            await TunnelAsync(context, await answer.Content.ReadAsStreamAsync(cancel), cancel);
        else
            await CopyBodyAsync(await answer.Content.ReadAsStreamAsync(cancel), context.Response, cancel);
    }

    private static async Task TunnelAsync(HttpContext context, Stream server, CancellationToken cancel)
    {
        await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await Task.WhenAny(client.CopyToAsync(server, cancel), server.CopyToAsync(client, cancel));
        context.Abort();
    }

    private async Task CopyBodyAsync(Stream from, HttpResponse to, CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        var gathered = new MemoryStream();
        var reading = from.ReadAsync(buffer, cancel).AsTask();
        while (true)
        {
            if (BufferingDelay > TimeSpan.Zero)
            {
                var pause = Task.Delay(BufferingDelay, TimeProvider.System, cancel);
                while (await Task.WhenAny(reading, pause) == reading && await reading is > 0 and var some)
                {
                    gathered.Write(buffer, 0, some);
                    reading = from.ReadAsync(buffer, cancel).AsTask();
                }
            }

            if (BufferingDelay == TimeSpan.Zero || reading.IsCompleted)
            {
                var count = await reading;
                gathered.Write(buffer, 0, count);
                if (count == 0)
                {
                    await to.Body.WriteAsync(gathered.ToArray(), cancel);
                    return;
                }

                reading = from.ReadAsync(buffer, cancel).AsTask();
            }

            await to.Body.WriteAsync(gathered.ToArray(), cancel);
            await to.Body.FlushAsync(cancel);
            gathered.SetLength(0);
        }
    }
}
