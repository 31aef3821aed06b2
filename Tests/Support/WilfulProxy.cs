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

/// <summary>A proxy as they stand in offices and hotels: it passes plain requests on, and treats the rest as it likes.</summary>
public sealed class WilfulProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });
    private readonly CancellationTokenSource _over = new();
    private readonly string _target;
    private CancellationTokenSource _cut = new();

    private WilfulProxy(WebApplication app, int target)
    {
        _app = app;
        _target = $"http://127.0.0.1:{target}";
        app.Run(HandleAsync);
    }

    public int Port { get; private set; }

    /// <summary>What the WebSocket address is answered with, before anybody behind sees it; null: it is passed on.</summary>
    public int? RefusesWebSocketsWith { get; set; }

    /// <summary>Takes a WebSocket's request and never answers it.</summary>
    public bool HangsWebSockets { get; set; }

    /// <summary>Paths that are answered with 502.</summary>
    public IReadOnlyCollection<string> Refused { get; set; } = [];

    /// <summary>How long all that comes of an answer is gathered before it goes on; zero: it passes as it comes.</summary>
    public TimeSpan Gathers { get; set; }

    /// <summary>The paths asked for, in order.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<WilfulProxy> StartAsync(int target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var proxy = new WilfulProxy(builder.Build(), target);
        await proxy._app.StartAsync();
        proxy.Port = proxy._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Select(address => new Uri(address).Port).Single();
        return proxy;
    }

    /// <summary>Breaks off whatever is under way.</summary>
    public void Cut() => Interlocked.Exchange(ref _cut, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        Cut();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
        _over.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Asked.Enqueue(path);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _over.Token, _cut.Token);
        try
        {
            if (path == "/ws" && HangsWebSockets)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, until.Token);
            else if (path == "/ws" && RefusesWebSocketsWith is { } status)
                context.Response.StatusCode = status;
            else if (Refused.Contains(path))
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            else
                await PassOnAsync(context, until.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or HttpRequestException)
        {
            context.Abort();
        }
    }

    private async Task PassOnAsync(HttpContext context, CancellationToken until)
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

        using var answer = await _http.SendAsync(request, until);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not "Transfer-Encoding"))
            context.Response.Headers[name] = values.ToArray();
        if (answer.StatusCode == HttpStatusCode.SwitchingProtocols)
            await TunnelAsync(context, await answer.Content.ReadAsStreamAsync(until), until);
        else
            await PourAsync(await answer.Content.ReadAsStreamAsync(until), context.Response, until);
    }

    private static async Task TunnelAsync(HttpContext context, Stream server, CancellationToken until)
    {
        await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await Task.WhenAny(client.CopyToAsync(server, until), server.CopyToAsync(client, until));
        context.Abort();
    }

    private async Task PourAsync(Stream from, HttpResponse to, CancellationToken until)
    {
        var buffer = new byte[64 * 1024];
        var gathered = new MemoryStream();
        var reading = from.ReadAsync(buffer, until).AsTask();
        while (true)
        {
            if (Gathers > TimeSpan.Zero)
            {
                var pause = Task.Delay(Gathers, TimeProvider.System, until);
                while (await Task.WhenAny(reading, pause) == reading && await reading is > 0 and var some)
                {
                    gathered.Write(buffer, 0, some);
                    reading = from.ReadAsync(buffer, until).AsTask();
                }
            }

            if (Gathers == TimeSpan.Zero || reading.IsCompleted)
            {
                var count = await reading;
                gathered.Write(buffer, 0, count);
                if (count == 0)
                {
                    await to.Body.WriteAsync(gathered.ToArray(), until);
                    return;
                }

                reading = from.ReadAsync(buffer, until).AsTask();
            }

            await to.Body.WriteAsync(gathered.ToArray(), until);
            await to.Body.FlushAsync(until);
            gathered.SetLength(0);
        }
    }
}
