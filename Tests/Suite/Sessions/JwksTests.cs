using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The times at which the server downloads the public keys of the operator's site.</summary>
public sealed class JwksTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));
    private RecordedLog _log = null!;
    private TestTokens _tokens = null!;
    private WebApplication _site = null!;
    private ILoggerFactory _loggers = null!;
    private JwtVerifier _verifier = null!;
    private volatile string _body = "";
    private volatile int _status;
    private int _requests;

    [SetUp]
    public async Task StartSite()
    {
        (_tokens, _log, _status, _requests) = (new TestTokens(), new RecordedLog(LogLevel.Trace), StatusCodes.Status200OK, 0);
        _body = _tokens.CreateJwks();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _site = builder.Build();
        _site.Urls.Add("http://127.0.0.1:0");
        _site.MapGet("/jwks", async context =>
        {
            Interlocked.Increment(ref _requests);
            context.Response.StatusCode = _status;
            if (_status == StatusCodes.Status302Found)
                context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(_body);
        });
        _site.MapGet("/elsewhere", context => context.Response.WriteAsync(_tokens.CreateJwks()));
        await _site.StartAsync();
        _loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_log));
        _verifier = new JwtVerifier(Options.Create(new JwtOptions { Jwks = $"{_site.Urls.Single()}/jwks" }), _time, _loggers.CreateLogger<JwtVerifier>());
    }

    [TearDown]
    public async Task StopSite()
    {
        _verifier.Dispose();
        _loggers.Dispose();
        await _site.DisposeAsync();
        _tokens.Dispose();
    }

    private string Token => _tokens.SignRs256(TestTokens.Claims(_time.GetUtcNow()));

    [Test]
    public async Task Server_reads_the_keys_once_for_many_logins()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _verifier.VerifyAsync(Token)));
        results.Should().OnlyContain(result => result.Identity != null);
        _requests.Should().Be(1);
    }

    [Test]
    public async Task Server_reads_the_keys_again_for_unknown_key_ids_at_most_once_a_minute()
    {
        await _verifier.VerifyAsync(Token);
        _body = _tokens.CreateJwks(rsaId: "rsa-2");
        for (var i = 0; i < 5; i++)
            (await _verifier.VerifyAsync(_tokens.SignRs256(TestTokens.Claims(_time.GetUtcNow()), id: "rsa-2"))).Fault.Should().Contain("key");
        _requests.Should().Be(1, "the keys were read less than a minute ago");

        _time.Advance(TimeSpan.FromMinutes(1));
        (await _verifier.VerifyAsync(_tokens.SignRs256(TestTokens.Claims(_time.GetUtcNow()), id: "rsa-2"))).Fault.Should().BeNull("the site has changed its key");
        (await _verifier.VerifyAsync(Token)).Fault.Should().Contain("key", "the site has withdrawn its old key");
        _requests.Should().Be(2);
    }

    [Test]
    public async Task Server_reads_the_keys_again_after_an_hour_and_keeps_the_old_keys_if_the_read_fails()
    {
        await _verifier.VerifyAsync(Token);
        _time.Advance(TimeSpan.FromMinutes(59));
        (await _verifier.VerifyAsync(Token)).Fault.Should().BeNull();
        _requests.Should().Be(1);

        _status = StatusCodes.Status500InternalServerError;
        _time.Advance(TimeSpan.FromMinutes(1));
        (await _verifier.VerifyAsync(Token)).Fault.Should().BeNull();
        await TestWait.UntilAsync(() => _log.Lines.Any(line => line.Contains("Auth:Jwt:Jwks", StringComparison.Ordinal)), "the log line about the failed read");
        (_status, _body) = (StatusCodes.Status200OK, "no json");
        _time.Advance(TimeSpan.FromMinutes(1));
        await TestWait.UntilAsync(
            async () =>
            {
                (await _verifier.VerifyAsync(Token)).Fault.Should().BeNull();
                return _log.Lines.Count == 2;
            },
            "the log line about the second failed read");
        (await _verifier.VerifyAsync(Token)).Fault.Should().BeNull();
        _requests.Should().Be(3);
    }

    [TestCase(StatusCodes.Status500InternalServerError, "")]
    [TestCase(StatusCodes.Status200OK, "<html>")]
    [TestCase(StatusCodes.Status200OK, """{"keys":[]}""")]
    [TestCase(StatusCodes.Status302Found, "")]
    public async Task Without_keys_no_token_can_be_verified_and_the_server_tries_again_after_a_minute(int status, string body)
    {
        var good = _body;
        (_status, _body) = (status, body);
        (await _verifier.VerifyAsync(Token)).Should().Be(JwtResult.Unavailable);
        (await _verifier.VerifyAsync(Token)).Should().Be(JwtResult.Unavailable);
        _requests.Should().Be(1);
        (_status, _body) = (StatusCodes.Status200OK, good);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await _verifier.VerifyAsync(Token)).Fault.Should().BeNull();
    }

    [Test]
    public async Task Server_stops_reading_an_endless_key_set()
    {
        _body = new string(' ', 300 * 1024) + _body;
        (await _verifier.VerifyAsync(Token)).Should().Be(JwtResult.Unavailable);
    }
}
