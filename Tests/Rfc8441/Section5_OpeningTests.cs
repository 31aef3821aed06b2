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

/// <summary>5: how a stream of HTTP/2 becomes a WebSocket, and how it does not.</summary>
public sealed class Section5_OpeningTests : Http2Fixture
{
    private readonly RateWatch _rates = new();

    protected override void Change(IServiceCollection services) => services.AddSingleton<IStartupFilter>(_rates);

    [Test]
    public async Task It_is_answered_by_200_without_what_belongs_to_an_upgrade()
    {
        using var response = await Line.SendAsync(HttpMethod.Connect, "/ws", request =>
        {
            request.Headers.Protocol = "websocket";
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        });
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Version.Should().Be(HttpVersion.Version20);
        response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Should().BeEquivalentTo("Date");
    }

    [Test]
    public async Task The_connection_is_known_by_its_way()
    {
        await using var client = await JoinAsync("way");
        Server.ConnectionOf("way").Way.Should().Be("ws-h2");
    }

    [TestCase("foo, rawchat.v1.text", "rawchat.v1.text")]
    [TestCase("rawchat.v1.text, rawchat.v1.json", "rawchat.v1.json")]
    [TestCase("foo", null)]
    public async Task The_server_chooses_a_subprotocol_that_it_speaks(string offered, string? chosen)
    {
        await using var client = await Line.ConnectAsync(frames: false, change: request => request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", offered));
        client.Subprotocol.Should().Be(chosen);
        await Patience.UntilAsync(() => client.LineCount > 0, "the greeting");
        client.Lines[0].StartsWith('{').Should().Be(chosen != "rawchat.v1.text");
    }

    [TestCase("12")]
    [TestCase(null)]
    public async Task Another_version_is_told_the_one_that_is_spoken(string? version)
    {
        using var response = await Line.SendAsync(HttpMethod.Connect, "/ws", request =>
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
    public async Task Another_protocol_is_not_implemented()
    {
        using var response = await Line.SendAsync(HttpMethod.Connect, "/ws", request =>
        {
            request.Headers.Protocol = "foo";
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        });
        response.StatusCode.Should().Be(HttpStatusCode.NotImplemented);
    }

    [Test]
    public async Task A_plain_request_is_told_how_it_is_done()
    {
        using var response = await Line.SendAsync(HttpMethod.Get, "/ws");
        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.Should().Equal("CONNECT");
        (await response.Content.ReadAsStringAsync()).Should().Contain(":protocol: websocket");
    }

    [TestCase("https://example.org")]
    [TestCase("https://127.0.0.1:1")]
    public async Task A_foreign_page_is_refused(string origin)
    {
        var connect = () => Line.ConnectAsync(change: request => request.Headers.TryAddWithoutValidation("Origin", origin));
        (await connect.Should().ThrowAsync<HandshakeRefusedException>()).Which.Message.Should().StartWith("403").And.Contain("Origins:Allowed");
    }

    [Test]
    public async Task A_page_takes_up_the_session_of_its_cookie()
    {
        using var session = new SessionClient(Line.Address, Server.Certificate);
        var answer = await session.PostAsync("""{"type":"hello","name":"cora"}""", origin: Line.Address);
        answer.Cookie!.Name.Should().Be("__Host-rsc_session");

        await using var client = await Line.ConnectAsync(change: request =>
        {
            request.Headers.TryAddWithoutValidation("Origin", Line.Address);
            request.Headers.TryAddWithoutValidation("Cookie", $"__Host-rsc_session={answer.Cookie.Value}");
        });
        var welcome = await client.Inbox.ExpectAsync<WelcomeFrame>();
        welcome.User.Should().Be(answer.User);
        welcome.Name.Should().Be("cora");
        welcome.Session.Should().BeEmpty("no script gets hold of it");
    }

    [Test]
    public async Task A_stream_that_is_not_read_is_no_reason_to_end_its_connection()
    {
        Server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MinResponseDataRate.Should().BeNull();

        // What has a connection of its own is asked to read as before.
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Equals(Server.Certificate) == true });
        (await http.GetAsync(new Uri($"{Line.Address}/"))).Version.Should().Be(HttpVersion.Version11);
        await Patience.UntilAsync(() => _rates.ResponseRates.ContainsKey("/"), "the end of the request");
        _rates.ResponseRates["/"].Should().Match<MinDataRate>(rate => rate.BytesPerSecond == 240 && rate.GracePeriod == TimeSpan.FromSeconds(5));
    }

    /// <summary>Sees at which rate each path's response has to be read.</summary>
    private sealed class RateWatch : IStartupFilter
    {
        public ConcurrentDictionary<string, MinDataRate?> ResponseRates { get; } = new();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, go) =>
            {
                await go(context);
                if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
                    ResponseRates[context.Request.Path.Value!] = rate.MinDataRate;
            });
            next(app);
        };
    }
}
