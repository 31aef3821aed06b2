using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.SingleSignOn;

/// <summary>Faults of logins with an OpenID Connect provider. After a failed login, the user sees a page with one sentence, and gets no session.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class FailedLoginTests : LoginFixture
{
    private readonly RecordedLog _log = new(LogLevel.Trace);
    private string _at = "";

    [SetUp]
    public async Task StartServer()
    {
        _log.Lines.Clear();
        var server = Own(await ServerUnderTest.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(_log).SetMinimumLevel(LogLevel.Trace)), Provider.Settings));
        _at = $"http://127.0.0.1:{server.HttpPort}";
    }

    [TestCase("access_denied", 403, "was cancelled", false)]
    [TestCase("login_required", 502, "cannot accept the answer", true)]
    public async Task Page_about_an_error_of_the_provider_links_to_the_login_and_to_the_room(string error, int status, string sentence, bool isLogged)
    {
        Provider.Error = error;
        using var browser = new RedirectFollower();
        var answer = await browser.OpenAsync($"{_at}/login?return={Uri.EscapeDataString("/?room=dev")}");
        (answer.Status, answer.Location).Should().Be((status, null));
        answer.Body.Should().Contain(sentence).And.Contain("""<a href="/login?return=%2F%3Froom%3Ddev">Try again</a> <a href="/?room=dev">""");
        Failures().Should().HaveCount(isLogged ? 1 : 0);
    }

    public static IEnumerable<TestCaseData> WrongTokens()
    {
        yield return Case("issuer", claims => claims["iss"] = "https://evil.example", "cannot accept");
        yield return Case("audience", claims => claims["aud"] = "another", "cannot accept");
        yield return Case("nonce", claims => claims["nonce"] = "638000000000000000.bm90IG1pbmU", "cannot accept");
        yield return Case("missing nonce", claims => claims.Remove("nonce"), "cannot accept");
        yield return Case("missing subject", claims => claims.Remove("sub"), "cannot accept");
        yield return Case("expired", claims => claims["exp"] = Now() - 120, "clock");
        yield return Case("not valid yet", claims => claims["nbf"] = Now() + 240, "clock");

        static TestCaseData Case(string name, Action<Dictionary<string, object>> change, string sentence) =>
            new TestCaseData(change, sentence).SetArgDisplayNames(name);

        static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
    }

    [TestCaseSource(nameof(WrongTokens))]
    public async Task Id_token_with_a_wrong_claim_is_rejected(Action<Dictionary<string, object>> change, string sentence)
    {
        Provider.Change = change;
        await ExpectFailureAsync(502, sentence);
        Failures().Should().ContainSingle();
    }

    [Test]
    public async Task Id_token_with_a_wrong_signature_or_without_a_signature_is_rejected()
    {
        Provider.Tamper = token => token[..token.LastIndexOf('.')] + "." + Base64UrlEncoder.Encode(new byte[256]);
        await ExpectFailureAsync(502, "cannot accept");
        Provider.Tamper = token => $"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{token.Split('.')[1]}.";
        await ExpectFailureAsync(502, "cannot accept");
    }

    [Test]
    public async Task Login_succeeds_if_the_id_token_expired_less_than_a_minute_ago()
    {
        Provider.Change = claims => claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 30;
        using var browser = new RedirectFollower();
        (await browser.OpenAsync($"{_at}/login")).Location!.Fragment.Should().Be("#signed-in");
    }

    [Test]
    public async Task Callback_can_be_used_only_once()
    {
        using var browser = new RedirectFollower();
        var callback = await GetCallbackAsync(browser);
        (await browser.GetAsync(callback)).Status.Should().Be(302);
        ExpectExpired(await browser.GetAsync(callback));
    }

    [Test]
    public async Task Callback_of_another_browser_logs_nobody_in()
    {
        using var attacker = new RedirectFollower();
        using var victim = new RedirectFollower();
        ExpectExpired(await victim.GetAsync(await GetCallbackAsync(attacker)));
    }

    [TestCase("")]
    [TestCase("?code=a")]
    [TestCase("?code=a&state=b")]
    [TestCase("?error=access_denied&error_description=%3Cscript%3E")]
    [TestCase("?id_token=a.b.c&state=b")]
    public async Task Callback_without_a_state_of_this_server_is_rejected(string query)
    {
        using var browser = new RedirectFollower();
        ExpectExpired(await browser.GetAsync($"{_at}/login/callback{query}"));
        Failures().Should().BeEmpty("anybody can open this address and could fill the log");
    }

    [Test]
    public async Task Callback_with_a_changed_state_parameter_is_rejected()
    {
        using var browser = new RedirectFollower();
        var callback = await GetCallbackAsync(browser);
        ExpectExpired(await browser.GetAsync(callback[..^6] + "AAAAAA"));
    }

    [Test]
    public async Task Callback_from_before_a_restart_of_the_server_is_rejected_and_the_next_login_works()
    {
        using var browser = new RedirectFollower();
        var callback = await GetCallbackAsync(browser);
        await using var restarted = await ServerUnderTest.StartAsync(Provider.Settings);
        var at = $"http://127.0.0.1:{restarted.HttpPort}";
        ExpectExpired(await browser.GetAsync(at + new Uri(callback).PathAndQuery));
        (await browser.OpenAsync($"{at}/login")).Location!.Fragment.Should().Be("#signed-in");
    }

    [Test]
    public async Task Outage_of_the_provider_affects_only_new_logins()
    {
        Provider.IsDown = true;
        await ExpectFailureAsync(503, "does not answer");
        await using (var guest = await ChatClient.ConnectAsync(new Uri(_at).Port, "/ws?name=bob&room=lobby"))
            await guest.Inbox.ExpectAsync<JoinedFrame>();
        Provider.IsDown = false;
        using var browser = new RedirectFollower();
        (await browser.OpenAsync($"{_at}/login")).Location!.Fragment.Should().Be("#signed-in");
    }

    [Test]
    public async Task Login_that_waits_for_a_silent_provider_is_rejected_when_the_server_stops()
    {
        Provider.IsSilent = true;
        var server = await ServerUnderTest.StartAsync(Provider.Settings);
        using var browser = new RedirectFollower();
        var login = browser.GetAsync($"http://127.0.0.1:{server.HttpPort}/login");
        await TestWait.UntilAsync(() => Provider.DiscoveryCount == 1, "the request to the provider");
        await server.DisposeAsync();
        var answer = await login;
        (answer.Status, answer.Location).Should().Be((503, null));
        answer.Body.Should().Contain("The chat server stops.");
    }

    [Test]
    public async Task Server_reads_the_metadata_of_the_provider_once_and_not_before_the_first_login()
    {
        Provider.DiscoveryCount.Should().Be(0);
        using var browser = new RedirectFollower();
        await browser.OpenAsync($"{_at}/login");
        await browser.OpenAsync($"{_at}/login");
        Provider.DiscoveryCount.Should().Be(1);
    }

    [Test]
    public async Task New_key_of_the_provider_is_used()
    {
        using var browser = new RedirectFollower();
        await browser.OpenAsync($"{_at}/login");
        Provider.RotateKey();
        await TestWait.UntilAsync(async () => (await browser.OpenAsync($"{_at}/login")).Location is { Fragment: "#signed-in" }, "a login with the new key");
    }

    [Test]
    public async Task Wrong_client_secret_is_reported_to_the_operator_and_no_secret_is_in_the_log()
    {
        using var browser = new RedirectFollower();
        await browser.OpenAsync($"{_at}/login");
        await using var wrong = await ServerUnderTest.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(_log).SetMinimumLevel(LogLevel.Trace)), [.. Provider.Settings, "--Auth:Oidc:ClientSecret", "a wrong secret"]);
        (await browser.OpenAsync($"http://127.0.0.1:{wrong.HttpPort}/login")).Status.Should().Be(502);
        Failures().Should().ContainSingle().Which.Should().Contain("invalid_client");
        _log.Lines.Should().NotContain(line => line.Contains(TestProvider.ClientSecret) || line.Contains("a wrong secret") || line.Contains("an access token") || line.Contains("eyJ"));
    }

    private IEnumerable<string> Failures() => _log.Lines.Where(line => line.Contains("A login with the provider", StringComparison.Ordinal));

    private async Task<string> GetCallbackAsync(RedirectFollower browser)
    {
        var (_, _, authorize, _) = await browser.GetAsync($"{_at}/login");
        return (await browser.GetAsync(authorize!.AbsoluteUri)).Location!.AbsoluteUri;
    }

    private async Task ExpectFailureAsync(int status, string sentence)
    {
        using var browser = new RedirectFollower();
        var answer = await browser.OpenAsync($"{_at}/login");
        (answer.Status, answer.Location).Should().Be((status, null));
        answer.Body.Should().Contain(sentence);
        browser.Cookies.Keys.Should().NotContain(cookie => cookie.Name.StartsWith("rsc_session", StringComparison.Ordinal));
    }

    private static void ExpectExpired((int Status, string Body, Uri? Location, string[] SetCookies) answer)
    {
        (answer.Status, answer.Location).Should().Be((400, null));
        answer.Body.Should().Contain("was used already").And.NotContain("<script>");
        answer.SetCookies.Should().NotContain(cookie => cookie.Contains("rsc_session"));
    }
}
