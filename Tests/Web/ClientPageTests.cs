using RawSocketChat.Server.Web;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Web;

public sealed class ClientPageTests
{
    [Test]
    public async Task The_page_comes_under_a_policy_that_runs_its_own_script_alone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/"));

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.Should().Contain("default-src 'none'").And.MatchRegex("script-src 'sha256-[A-Za-z0-9+/=]{44}'").And.MatchRegex("style-src 'sha256-[A-Za-z0-9+/=]{44}'");
        policy.Should().NotContain("unsafe");
        response.Content.Headers.ContentType!.ToString().Should().Be("text/html; charset=utf-8");
        response.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        (await response.Content.ReadAsStringAsync()).Should().StartWith("<!doctype html>");
    }

    [Test]
    public void The_hashes_are_those_of_the_elements_contents()
    {
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        new ClientPage("<style>a{}</style><script>alert(1)</script>").Policy
            .Should().Contain("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
    }

    [TestCase("<script>1</script>")]
    [TestCase("<style></style><script>1</script><script>2</script>")]
    [TestCase("<style></style><script src=x></script>")]
    public void A_page_with_another_number_of_scripts_is_refused(string html)
    {
        FluentActions.Invoking(() => new ClientPage(html)).Should().Throw<InvalidDataException>();
    }

    [Test]
    public async Task What_is_not_there_says_what_is()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/chat"));
        ((int)response.StatusCode).Should().Be(404);
        (await response.Content.ReadAsStringAsync()).Should().Contain("/ws");
    }

    [Test]
    public async Task A_browser_that_opens_the_WebSocket_address_is_told_what_it_is()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/ws"));
        ((int)response.StatusCode).Should().Be(426);
        response.Headers.GetValues("Sec-WebSocket-Version").Should().Equal("13");
        response.Headers.Connection.Should().Contain("Upgrade", "RFC 9110, 7.8, wants it wherever Upgrade is sent");
        (await response.Content.ReadAsStringAsync()).Should().Contain($"npx wscat -c 'ws://127.0.0.1:{server.HttpPort}/ws'");
    }

    [Test]
    public async Task What_is_posted_to_the_WebSocket_address_is_told_the_method()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var http = new HttpClient();
        using var response = await http.PostAsync(new Uri($"http://127.0.0.1:{server.HttpPort}/ws"), null);
        ((int)response.StatusCode).Should().Be(405);
        response.Content.Headers.Allow.Should().Equal("GET");
    }
}
