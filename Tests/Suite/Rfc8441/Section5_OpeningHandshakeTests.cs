using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rfc8441;

/// <summary>RFC 8441, section 5: the handshake that makes an HTTP/2 stream a WebSocket, and the requests that the server rejects.</summary>
public sealed class Section5_OpeningHandshakeTests : Http2Fixture
{
    private readonly RateRecorder _rates = new();

    protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<IStartupFilter>(_rates);

    [Test]
    public async Task Server_answers_200_without_upgrade_headers()
    {
        using var response = await Connection.SendAsync(HttpMethod.Connect, "/ws", request =>
        {
            request.Headers.Protocol = "websocket";
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        });
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Version.Should().Be(HttpVersion.Version20);
        response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Should().BeEquivalentTo("Date");
    }

    [Test]
    public async Task Connection_has_the_transport_name_ws_h2()
    {
        await using var client = await JoinAsync("transport");
        Server.FindConnection("transport").TransportName.Should().Be("ws-h2");
    }

    [TestCase("foo, rawchat.v1.text", "rawchat.v1.text")]
    [TestCase("rawchat.v1.text, rawchat.v1.json", "rawchat.v1.json")]
    public async Task Server_chooses_a_subprotocol_that_it_supports(string offered, string chosen)
    {
        await using var client = await Connection.ConnectAsync(frames: false, change: request => request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", offered));
        client.Subprotocol.Should().Be(chosen);
        await TestWait.UntilAsync(() => client.LineCount > 0, "the welcome");
        client.Lines[0].StartsWith('{').Should().Be(chosen != "rawchat.v1.text");
    }

    [Test]
    public async Task Server_rejects_unknown_subprotocols_and_names_the_known_ones()
    {
        var refused = await FluentActions.Awaiting(() => Connection.ConnectAsync(change: request => request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", "foo")))
            .Should().ThrowAsync<HandshakeRefusedException>();
        refused.Which.Response.Should().Contain("rawchat.v1.json and rawchat.v1.text");
    }

    [TestCase("12")]
    [TestCase(null)]
    public async Task Server_rejects_another_version_and_names_the_supported_version(string? version)
    {
        using var response = await Connection.SendAsync(HttpMethod.Connect, "/ws", request =>
        {
            request.Headers.Protocol = "websocket";
            if (version is not null)
                request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", version);
        });
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Headers.GetValues("Sec-WebSocket-Version").Should().Equal("13");
        (await response.Content.ReadAsStringAsync()).Should().Contain($"wss://127.0.0.1:{Server.HttpPort}/ws");
    }

    [Test]
    public async Task Server_rejects_another_protocol_with_501()
    {
        using var response = await Connection.SendAsync(HttpMethod.Connect, "/ws", request =>
        {
            request.Headers.Protocol = "foo";
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        });
        response.StatusCode.Should().Be(HttpStatusCode.NotImplemented);
    }

    [Test]
    public async Task Server_rejects_a_GET_and_names_the_CONNECT_method()
    {
        using var response = await Connection.SendAsync(HttpMethod.Get, "/ws");
        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.Should().Equal("CONNECT");
        (await response.Content.ReadAsStringAsync()).Should().Contain(":protocol: websocket");
    }

    [TestCase("https://example.org")]
    [TestCase("https://127.0.0.1:1")]
    public async Task Server_rejects_a_page_of_another_origin(string origin)
    {
        var connect = () => Connection.ConnectAsync(change: request => request.Headers.TryAddWithoutValidation("Origin", origin));
        (await connect.Should().ThrowAsync<HandshakeRefusedException>()).Which.Message.Should().StartWith("403").And.Contain("Origins:Allowed");
    }

    [Test]
    public async Task Page_resumes_the_session_of_its_cookie()
    {
        using var session = new SessionClient(Connection.Address, Server.Certificate);
        var answer = await session.PostAsync("""{"type":"hello","name":"cora"}""", origin: Connection.Address);
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");

        await using var client = await Connection.ConnectAsync(change: request =>
        {
            request.Headers.TryAddWithoutValidation("Origin", Connection.Address);
            request.Headers.TryAddWithoutValidation("Cookie", $"__Host-rsc_session={answer.Cookie.Value}");
        });
        var welcome = await client.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.User.Should().Be(answer.User);
        welcome.Name.Should().Be("cora");
        welcome.Session.Should().BeEmpty("no script may read the token");
    }

    [Test]
    public async Task Kestrel_applies_no_minimum_response_rate_to_an_HTTP2_connection()
    {
        Server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MinResponseDataRate.Should().BeNull();

        // An HTTP/1.1 connection keeps Kestrel's default minimum rate.
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Equals(Server.Certificate) == true });
        (await http.GetAsync(new Uri($"{Connection.Address}/"))).Version.Should().Be(HttpVersion.Version11);
        await TestWait.UntilAsync(() => _rates.ResponseRates.ContainsKey("/"), "the end of the request");
        _rates.ResponseRates["/"].Should().Match<MinDataRate>(rate => rate.BytesPerSecond == 240 && rate.GracePeriod == TimeSpan.FromSeconds(5));
    }

    /// <summary>Records the minimum response rate of each path.</summary>
    private sealed class RateRecorder : IStartupFilter
    {
        public ConcurrentDictionary<string, MinDataRate?> ResponseRates { get; } = new();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, inner) =>
            {
                await inner(context);
                if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
                    ResponseRates[context.Request.Path.Value!] = rate.MinDataRate;
            });
            next(app);
        };
    }
}
