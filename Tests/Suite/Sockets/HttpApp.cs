using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>A Kestrel web application without the chat. It uses this project's socket transport or Kestrel's own.</summary>
internal sealed class HttpApp : IAsyncDisposable
{
    public const int BodyBytes = 50_000_000;
    private const int Chunk = 32 * 1024;

    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _aborted = new();
    private long _written;

    private HttpApp(WebApplication app, X509Certificate2 certificate)
    {
        _app = app;
        _certificate = certificate;
    }

    public int Port { get; private set; }

    public int TlsPort { get; private set; }

    /// <summary>The number of bytes of the response body that the last request to <c>/body</c> has written and flushed so far.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>The types of the features that the transport gave to the last connection.</summary>
    public IReadOnlyCollection<Type> Features { get; private set; } = [];

    public static async Task<HttpApp> StartAsync(bool useOwnTransport, Action<KestrelServerLimits>? limit = null)
    {
        using var key = TestCertificates.CreateKey();
        using var made = TestCertificates.Create(key);
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        HttpApp? app = null;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            limit?.Invoke(kestrel.Limits);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Use(next => connection =>
            {
                app!.Features = [.. connection.Features.Select(feature => feature.Key)];
                return next(connection);
            }));
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (useOwnTransport)
            builder.Services.AddSocketTransport(new SocketTransportSettings { BindSocket = SocketTransportOptions.CreateDefaultBoundListenSocket });
        var web = builder.Build();
        app = new HttpApp(web, certificate);
        app.Map();
        await web.StartAsync();
        var addresses = web.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address)).ToList();
        app.Port = addresses.Single(address => address.Scheme == "http").Port;
        app.TlsPort = addresses.Single(address => address.Scheme == "https").Port;
        return app;
    }

    /// <summary>Completes when the request to <c>/wait/NAME</c> is aborted.</summary>
    public Task AbortedAsync(string name) => Aborted(name).Task;

    /// <summary>Creates a client with a small receive buffer, so that unread bytes wait in the server.</summary>
    public HttpClient MakeClient(Version version) => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == _certificate.GetCertHashString() },
        InitialHttp2StreamWindowSize = 65_535,
        ConnectCallback = async (context, token) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 32 * 1024 };
            await socket.ConnectAsync(context.DnsEndPoint, token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Creates a stream, plain or TLS, over a socket that is connected to one of the ports.</summary>
    public async Task<Stream> StreamOverAsync(Socket socket, bool overTls)
    {
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (!overTls)
            return plain;
        var tls = new SslStream(plain, leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.GetCertHashString() == _certificate.GetCertHashString());
        await tls.AuthenticateAsClientAsync("127.0.0.1");
        return tls;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    /// <summary>Gets the byte at a position of the body. Neighboring bytes differ, so that a test detects lost bytes.</summary>
    public static byte GetByteAt(long place) => (byte)(place * 31 / 7);

    private TaskCompletionSource Aborted(string name) => _aborted.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Map()
    {
        _app.MapGet("/hello/{name}", (string name) => $"hello {name}");
        _app.MapPost("/length", async (HttpContext context) =>
        {
            var length = 0L;
            while (true)
            {
                var result = await context.Request.BodyReader.ReadAsync();
                length += result.Buffer.Length;
                context.Request.BodyReader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }

            await context.Response.WriteAsync($"{length}");
        });
        _app.MapPost("/echo", (HttpContext context) =>
        {
            context.Response.ContentLength = context.Request.ContentLength;
            return context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter);
        });
        _app.MapGet("/body", WriteBodyAsync);
        _app.MapGet("/wait/{name}", async (HttpContext context, string name) =>
        {
            await context.Response.WriteAsync("waiting");
            await context.Response.Body.FlushAsync();
            context.RequestAborted.Register(() => Aborted(name).TrySetResult());
            await Aborted(name).Task;
        });
        _app.MapGet("/direct", (HttpContext context) =>
            $"{context.Features.Get<IConnectionTransportFeature>()!.Transport.Output is IDirectSend} {context.Features.Get<IDirectSend>() is not null}");
    }

    private async Task WriteBodyAsync(HttpContext context)
    {
        Interlocked.Exchange(ref _written, 0);
        var place = 0L;
        while (place < BodyBytes)
        {
            var length = (int)Math.Min(Chunk, BodyBytes - place);
            Fill(context.Response.BodyWriter.GetSpan(length)[..length], place);
            context.Response.BodyWriter.Advance(length);
            place += length;
            var flushed = await context.Response.BodyWriter.FlushAsync();
            Interlocked.Exchange(ref _written, place);
            if (flushed.IsCompleted)
                break;
        }
    }

    private static void Fill(Span<byte> bytes, long place)
    {
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = GetByteAt(place + i);
    }
}
