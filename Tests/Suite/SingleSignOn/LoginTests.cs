using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.SingleSignOn;

/// <summary>Logins with an OpenID Connect provider, over plain HTTP.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class LoginTests : LoginFixture
{
    [Test]
    public async Task Login_starts_a_session_of_the_account_in_the_usual_cookie_and_leaves_no_other_cookie()
    {
        var at = await StartChatAsync();
        using var browser = new RedirectFollower();
        var (status, _, location, cookies) = await browser.OpenAsync($"{at}/login?return={Uri.EscapeDataString("/?room=dev&embed=1&evil=1")}");

        status.Should().Be(302);
        location.Should().Be(new Uri($"{at}/?room=dev&embed=1#signed-in"));
        cookies.Should().ContainSingle(cookie => cookie.StartsWith("rsc_session=", StringComparison.Ordinal)).Which
            .Should().Contain("httponly").And.Contain("samesite=strict").And.Contain("path=/;").And.NotContain("secure");
        browser.Cookies.Keys.Select(cookie => cookie.Name).Should().Equal("rsc_session");
        var welcome = (WelcomeFrame)await browser.HelloAsync(at);
        welcome.Should().Match<WelcomeFrame>(frame => frame.Name == "Ann-Smith" && !frame.Guest);
        welcome.Features.Should().Contain("oidc");
    }

    [Test]
    public async Task Request_to_the_provider_has_PKCE_state_and_nonce_and_no_secret()
    {
        var at = await StartChatAsync("--Auth:Oidc:Scopes", "openid profile groups", "--Auth:Oidc:Prompt", "select_account");
        using var browser = new RedirectFollower();
        await browser.OpenAsync($"{at}/login");
        Provider.Requests.TryDequeue(out var asked).Should().BeTrue();
        asked!["response_type"].ToString().Should().Be("code");
        asked["scope"].ToString().Should().Be("openid profile groups");
        asked["prompt"].ToString().Should().Be("select_account");
        asked["redirect_uri"].ToString().Should().Be($"{at}/login/callback");
        asked["code_challenge_method"].ToString().Should().Be("S256");
        asked["nonce"].ToString().Should().NotBeEmpty();
        asked["state"].ToString().Should().NotBeEmpty();
        asked.Keys.Should().NotContain(["client_secret", "response_mode", "x-client-SKU"]);
    }

    [Test]
    public async Task Second_login_finds_the_same_account_and_takes_the_new_name_of_the_provider()
    {
        var at = await StartChatAsync();
        using var laptop = new RedirectFollower();
        var first = await LoginAsync(laptop, at);
        using var phone = new RedirectFollower();
        var second = await LoginAsync(phone, at);
        second.Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == first.Name);

        Provider.Name = "Ann Jones";
        (await LoginAsync(phone, at)).Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "Ann-Jones");
        ((WelcomeFrame)await laptop.HelloAsync(at)).Name.Should().Be("Ann-Jones");

        (Provider.Subject, Provider.Name) = ("43", "Ann Jones");
        using var other = new RedirectFollower();
        (await LoginAsync(other, at)).Should().Match<WelcomeFrame>(frame => frame.User != first.User && frame.Name == "Ann-Jones2");
    }

    [Test]
    public async Task Connected_user_and_the_members_of_the_room_see_the_new_name()
    {
        var server = await StartAsync();
        var at = $"http://127.0.0.1:{server.HttpPort}";
        using var browser = new RedirectFollower();
        await LoginAsync(browser, at);
        var token = browser.Cookies.Values.Single();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={token}&room=lobby");
        await ann.Inbox.ExpectAsync<JoinedFrame>();
        Provider.Name = "Ann Jones";
        await LoginAsync(browser, at);
        (await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "renamed")).Name.Should().Be("Ann-Jones");
    }

    [TestCase("preferred_username", "ann.s")]
    [TestCase("nickname", "annie")]
    public async Task Name_comes_from_another_claim_if_the_name_claim_is_missing(string claim, string name)
    {
        Provider.Name = null;
        Provider.Change = claims => claims[claim] = name;
        (await LoginAsync(await StartChatAsync())).Name.Should().Be(name);
    }

    [Test]
    public async Task Name_comes_from_the_user_info_if_the_id_token_has_no_name()
    {
        Provider.NameIsInUserInfo = true;
        (await LoginAsync(await StartChatAsync())).Name.Should().Be("Ann-Smith");
    }

    [Test]
    public async Task Client_secret_is_sent_in_the_header_if_the_settings_require_it()
    {
        Provider.TakesBasicOnly = true;
        await ExpectFailureAsync(await StartChatAsync(), 502, "cannot accept");
        (await LoginAsync(await StartChatAsync("--Auth:Oidc:ClientAuthentication", "basic"))).Guest.Should().BeFalse();
    }

    [Test]
    public async Task Settings_choose_the_claims_for_the_subject_and_the_name()
    {
        Provider.Change = claims => (claims["oid"], claims["handle"]) = ("o-1", "annie");
        var at = await StartChatAsync("--Auth:Oidc:SubjectClaim", "oid", "--Auth:Oidc:NameClaim", "handle");
        var first = await LoginAsync(at);
        Provider.Subject = "another";
        (await LoginAsync(at)).Should().Match<WelcomeFrame>(frame => frame.User == first.User && frame.Name == "annie");
    }

    [Test]
    public async Task User_without_a_required_claim_is_not_logged_in()
    {
        var at = await StartChatAsync("--Auth:Oidc:Require:0", "groups=chat", "--Auth:Oidc:Require:1", "groups=staff");
        await ExpectFailureAsync(at, 403, "may not use this chat");
        Provider.Change = claims => claims["groups"] = new[] { "sales" };
        await ExpectFailureAsync(at, 403, "may not use this chat");
        Provider.Change = claims => claims["groups"] = new[] { "sales", "staff" };
        (await LoginAsync(at)).Guest.Should().BeFalse();
    }

    [Test]
    public async Task Two_servers_under_paths_of_one_host_have_separate_sessions()
    {
        var (first, second) = (await StartAsync("--PathBase", "/a"), await StartAsync("--PathBase", "/b"));
        await using var nginx = await NginxProxy.StartAsync($$"""
            location /a/ { proxy_pass http://127.0.0.1:{{first.HttpPort}}; proxy_set_header Host $http_host; }
            location /b/ { proxy_pass http://127.0.0.1:{{second.HttpPort}}; proxy_set_header Host $http_host; }
            """);
        using var browser = new RedirectFollower();
        var (one, other) = ($"http://127.0.0.1:{nginx.Port}/a", $"http://127.0.0.1:{nginx.Port}/b");
        (await browser.OpenAsync($"{one}/login?return={Uri.EscapeDataString("/a/?room=dev")}")).Location.Should().Be(new Uri($"{one}/?room=dev#signed-in"));
        ((WelcomeFrame)await browser.HelloAsync(one)).Guest.Should().BeFalse();
        ((WelcomeFrame)await browser.HelloAsync(other)).Guest.Should().BeTrue("the other server has its own sessions");
        (await LoginAsync(browser, other)).Guest.Should().BeFalse();
        ((WelcomeFrame)await browser.HelloAsync(one)).Guest.Should().BeFalse();
    }

    [TestCase("--Proxies:Trusted:0", "127.0.0.1")]
    [TestCase("--Auth:Oidc:PublicOrigin", "https://chat.example")]
    public async Task Callback_address_and_cookies_use_https_behind_a_TLS_proxy(string setting, string value)
    {
        var at = await StartChatAsync(setting, value);
        using var browser = new RedirectFollower();
        (string, string)[] headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example"), ("X-Forwarded-For", "192.0.2.1"), ("Sec-Fetch-Site", "none")];
        var (_, _, authorize, starting) = await browser.GetAsync($"{at}/login", headers);
        starting.Should().HaveCount(2).And.OnlyContain(cookie => cookie.Contains("secure") && cookie.Contains("path=/login/callback") && cookie.Contains("samesite=lax"));
        var (_, _, callback, _) = await browser.GetAsync(authorize!.AbsoluteUri);
        callback!.GetLeftPart(UriPartial.Path).Should().Be("https://chat.example/login/callback");

        // The cookies are for https, so the test sends them itself.
        var cookies = string.Join("; ", starting.Select(cookie => cookie.Split(';')[0]));
        var (status, _, page, done) = await browser.GetAsync(at + callback.PathAndQuery, [.. headers, ("Cookie", cookies)]);
        (status, page).Should().Be((302, new Uri($"{at}/#signed-in")));
        done.Should().ContainSingle(cookie => cookie.StartsWith("__Host-rsc_session=", StringComparison.Ordinal)).Which.Should().Contain("secure");
    }

    [Test]
    public async Task Proxy_that_hides_https_is_reported_to_the_operator()
    {
        var log = new RecordedLog(LogLevel.Warning);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<ILoggerProvider>(log), Provider.Settings);
        using var browser = new RedirectFollower();
        var (status, body, _, _) = await browser.GetAsync($"http://127.0.0.1:{server.HttpPort}/login", ("Host", "chat.example"), ("Sec-Fetch-Site", "none"));
        status.Should().Be(500);
        body.Should().Contain("cannot see that this page uses https");
        log.Lines.Should().ContainSingle(line => line.Contains("Auth:Oidc:PublicOrigin", StringComparison.Ordinal));
    }

    [TestCase("https://evil.example/")]
    [TestCase("//evil.example/")]
    [TestCase("/\\evil.example/")]
    [TestCase("\\\\evil.example")]
    [TestCase("/login")]
    [TestCase("/../..//evil.example")]
    [TestCase("javascript:alert(1)")]
    [TestCase("/?room=a#jwt=b")]
    [TestCase("/%2F/evil.example")]
    public async Task Login_refuses_to_return_to_an_address_outside_the_chat(string target)
    {
        var at = await StartChatAsync();
        using var browser = new RedirectFollower();
        var (status, body, location, cookies) = await browser.GetAsync($"{at}/login?return={Uri.EscapeDataString(target)}");
        (status, location, cookies.Length).Should().Be((400, null, 0));
        body.Should().Contain("must be an address of this chat").And.NotContain("evil");
    }

    [Test]
    public async Task Name_of_a_room_cannot_change_the_rest_of_the_return_address()
    {
        var at = await StartChatAsync();
        using var browser = new RedirectFollower();
        var target = "?room=" + Uri.EscapeDataString("//evil.example/\r\nSet-Cookie: a=b#x");
        (await browser.OpenAsync($"{at}/login?return={Uri.EscapeDataString(target)}")).Location!.AbsoluteUri
            .Should().Be($"{at}/?room=%2F%2Fevil.example%2F%0D%0ASet-Cookie%3A%20a%3Db%23x#signed-in");
    }

    [Test]
    public async Task Error_on_a_server_without_guests_says_that_the_page_has_a_login()
    {
        var server = await StartAsync("--Auth:Guests", "false", "--Auth:Register", "false");
        await using var nc = await LineClient.ConnectAsync(server.RawPort);
        await nc.SendAsync("hi all");
        await nc.ExpectLineAsync("! this server has no guests; log in with /login NAME PASSWORD; people without a password log in on the page; try: /login ann my long password");
    }

    [Test]
    public async Task Server_without_a_provider_has_no_login()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpTestClient(server.HttpPort);
        (await http.GetAsync("/login")).Status.Should().Be(404);
        (await http.GetAsync("/login/callback?code=a&state=b")).Status.Should().Be(404);
        await using var client = await ChatClient.ConnectAsync(server.HttpPort);
        (await client.Inbox.ExpectAsync<WelcomeFrame>()).Features.Should().NotContain("oidc");
    }

    [Test]
    public async Task Login_addresses_answer_other_methods_with_405()
    {
        var server = await StartAsync();
        using var http = new HttpTestClient(server.HttpPort);
        (await http.PostAsync("/login/callback", "code=a")).Status.Should().Be(405);
        (await http.RequestAsync(HttpMethod.Options, "/login", null)).Headers["Allow"].Should().Equal("GET", "OPTIONS");
    }

    private async Task<string> StartChatAsync(params string[] settings) => $"http://127.0.0.1:{(await StartAsync(settings)).HttpPort}";

    private static async Task<WelcomeFrame> LoginAsync(string at)
    {
        using var browser = new RedirectFollower();
        return await LoginAsync(browser, at);
    }

    private static async Task<WelcomeFrame> LoginAsync(RedirectFollower browser, string at)
    {
        var (_, body, location, _) = await browser.OpenAsync($"{at}/login");
        location.Should().NotBeNull(body);
        location!.Fragment.Should().Be("#signed-in");
        return (WelcomeFrame)await browser.HelloAsync(at);
    }

    private static async Task ExpectFailureAsync(string at, int status, string sentence)
    {
        using var browser = new RedirectFollower();
        var answer = await browser.OpenAsync($"{at}/login");
        (answer.Status, answer.Location).Should().Be((status, null));
        answer.Body.Should().Contain(sentence);
        browser.Cookies.Keys.Should().NotContain(cookie => cookie.Name.StartsWith("rsc_session", StringComparison.Ordinal));
    }
}
