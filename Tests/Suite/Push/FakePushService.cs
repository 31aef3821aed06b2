using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Push;

/// <summary>A push service in this process, over HTTP on the loopback address. It answers 201, unless a test changes its answer.</summary>
public sealed class FakePushService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<(FakeBrowser? Browser, ReceivedPush Push)> _received = [];
    private readonly List<FakeBrowser> _browsers = [];

    private FakePushService(WebApplication app) => _app = app;

    /// <summary>The answer to each request.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => SetStatusAsync(context, 201);

    /// <summary>The messages that have arrived, in order. A message is in the list before the service answers the request.</summary>
    public IReadOnlyList<ReceivedPush> Received
    {
        get
        {
            lock (_received)
                return [.. _received.Select(entry => entry.Push)];
        }
    }

    public string Origin => _app.Urls.First();

    public static async Task<FakePushService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var service = new FakePushService(app);
        app.Run(service.ReceiveAsync);
        await app.StartAsync();
        return service;
    }

    public static Task SetStatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Creates a browser with a new subscription.</summary>
    public FakeBrowser Subscribe()
    {
        lock (_received)
        {
            var browser = new FakeBrowser($"{Origin}/push/{_browsers.Count}");
            _browsers.Add(browser);
            return browser;
        }
    }

    /// <summary>Waits until this number of messages has arrived.</summary>
    public async Task<IReadOnlyList<ReceivedPush>> ExpectAsync(int count)
    {
        await TestWait.UntilAsync(() => Received.Count >= count, () => $"{count} push messages; received {Received.Count}");
        return Received;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var browser in _browsers)
            browser.Dispose();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        FakeBrowser? browser;
        lock (_received)
            browser = _browsers.Find(known => new Uri(known.Endpoint).AbsolutePath == context.Request.Path);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var push = new ReceivedPush(browser!.Endpoint, context.Request.Method, headers, JsonSerializer.Deserialize<JsonElement>(browser.Decrypt(body.ToArray())), (int)body.Length);
        lock (_received)
            _received.Add((browser, push));
        await Answer(context);
    }
}

/// <summary>A message that the service has received, decrypted with the keys of the browser.</summary>
public sealed record ReceivedPush(string Endpoint, string Method, IReadOnlyDictionary<string, string> Headers, JsonElement Json, int Bytes)
{
    public string Text => Json.GetProperty("text").GetString()!;

    public string Room => Json.GetProperty("room").GetString()!;
}

/// <summary>The keys of a browser. The class decrypts messages (RFC 8291 and RFC 8188) and uses no server code.</summary>
public sealed class FakeBrowser(string endpoint) : IDisposable
{
    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(16);

    public string Endpoint => endpoint;

    public string Key => Base64Url.EncodeToString(PublicKey);

    public string Secret => Base64Url.EncodeToString(_secret);

    private byte[] PublicKey
    {
        get
        {
            var point = _key.ExportParameters(includePrivateParameters: false).Q;
            return [4, .. point.X!, .. point.Y!];
        }
    }

    /// <summary>Creates the body of <c>POST /push</c>.</summary>
    public string ToJson(string more = "") => $$"""{"endpoint":"{{Endpoint}}","keys":{"p256dh":"{{Key}}","auth":"{{Secret}}"}{{more}}}""";

    public string Decrypt(byte[] body)
    {
        // RFC 8188, section 2.1: salt, record size, length of the key, key of the sender.
        var salt = body[..16];
        var recordSize = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(16));
        var sender = body[21..(21 + body[20])];
        var record = body[(21 + body[20])..];
        record.Length.Should().BeLessThanOrEqualTo(recordSize, "the message is one record");

        // RFC 8291, section 3.4.
        using var other = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = sender[1..33], Y = sender[33..] } });
        var shared = _key.DeriveRawSecretAgreement(other.PublicKey);
        var input = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, _secret, [.. "WebPush: info\0"u8, .. PublicKey, .. sender]);
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, input, 16, salt, [.. "Content-Encoding: aes128gcm\0"u8]);
        var nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, input, 12, salt, [.. "Content-Encoding: nonce\0"u8]);
        using var aes = new AesGcm(key, 16);
        var plain = new byte[record.Length - 16];
        aes.Decrypt(nonce, record.AsSpan(..^16), record.AsSpan(^16..), plain);
        var end = Array.LastIndexOf(plain, (byte)2); // the delimiter of the last record
        return Encoding.UTF8.GetString(plain.AsSpan(0, end));
    }

    public void Dispose() => _key.Dispose();
}
