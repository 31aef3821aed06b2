using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Limits;

/// <summary>Clients of one address share limits. The tests set the address of a client in X-Forwarded-For, as a trusted proxy does.</summary>
public sealed class AddressLimitsTests
{
    private const string Mallory = "198.51.100.7";
    private const string Ann = "203.0.113.9";

    private ServerUnderTest? _started;

    private ServerUnderTest Running => _started!;

    [TearDown]
    public async Task StopServer()
    {
        if (_started is not null)
            await _started.DisposeAsync();
        _started = null;
    }

    [Test]
    public async Task Address_that_starts_too_many_sessions_is_rejected_and_another_address_is_not()
    {
        await StartAsync("--Addresses:PointBurst", "200", "--Addresses:PointsPerSecond", "1");
        using var client = new HttpTestClient(Running.HttpPort);
        HttpTestResponse response;
        var started = 0;
        while ((response = await PostHelloAsync(client, Mallory)).Status == 200)
            started++;
        started.Should().BeInRange(5, 20);
        var error = response.ShouldBe(429, ErrorCode.RateLimited);
        error.RetryAfterMs.Should().BePositive();
        (await PostHelloAsync(client, Ann)).Status.Should().Be(200);
    }

    [Test]
    public async Task Connection_beyond_the_limit_of_an_address_gets_bye_4011()
    {
        await StartAsync("--Addresses:Connections", "3");
        var clients = new List<ChatClient>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await ConnectAsync(Mallory));
            await clients[i].Inbox.ExpectAsync<WelcomeFrame>();
        }

        await using var fourth = await ConnectAsync(Mallory);
        (await fourth.Closed.OrFail("the close")).Code.Should().Be(4011);
        var bye = fourth.Inbox.All.Should().ContainSingle().Which.Should().BeOfType<ByeFrame>().Subject;
        bye.Reconnect.Should().BeTrue();
        bye.AfterMs.Should().BePositive();

        await using var ann = await ConnectAsync(Ann);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();

        await clients[0].DisposeAsync();
        await TestWait.UntilAsync(() => Running.Connections.Count == 3, "the end of a connection");
        await using var next = await ConnectAsync(Mallory);
        await next.Inbox.ExpectAsync<WelcomeFrame>();
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Test]
    public async Task Guests_of_one_address_cannot_fill_the_server_with_rooms()
    {
        await StartAsync("--Addresses:PointBurst", "1000", "--Addresses:PointsPerSecond", "1");
        var created = 0;
        ErrorFrame? rejection = null;
        for (var guest = 0; guest < 3; guest++)
        {
            await using var mallory = await ConnectAsync(Mallory);
            for (var i = 0; i < 3 && rejection is null; i++)
            {
                await mallory.SendAsync($$"""{"type":"create","room":"spam-{{guest}}-{{i}}","id":{{i}}}""");
                var answer = await mallory.Inbox.ExpectAsync<ServerFrame>(frame => frame is JoinedFrame or ErrorFrame);
                created += answer is JoinedFrame ? 1 : 0;
                rejection = answer as ErrorFrame;
            }
        }

        created.Should().BeInRange(2, 4);
        rejection!.Error.Code.Should().Be(ErrorCode.RateLimited);
        rejection.Error.RetryAfterMs.Should().BePositive();
        await using var ann = await ConnectAsync(Ann);
        await ann.SendAsync("""{"type":"create","room":"gardening"}""");
        await ann.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "gardening");
    }

    [Test]
    public async Task Clients_on_the_servers_machine_have_limits_only_if_ChargeLoopback_is_true()
    {
        await StartAsync("--Addresses:Connections", "1");
        await using var first = await ChatClient.ConnectAsync(Running.HttpPort);
        await using var second = await ChatClient.ConnectAsync(Running.HttpPort);
        await second.Inbox.ExpectAsync<WelcomeFrame>();

        await using var strict = await ServerUnderTest.StartAsync("--Addresses:Connections", "1", "--Addresses:ChargeLoopback", "true");
        await using var one = await ChatClient.ConnectAsync(strict.HttpPort);
        await one.Inbox.ExpectAsync<WelcomeFrame>();
        await using var line = await LineClient.ConnectAsync(strict.RawPort);
        await line.ExpectLineAsync("too many requests or connections from your address");
    }

    [Test]
    public async Task Forwarded_address_of_an_untrusted_proxy_is_ignored()
    {
        _started = await ServerUnderTest.StartAsync("--Addresses:Connections", "1", "--Addresses:ChargeLoopback", "true");
        await using var first = await ConnectAsync(Mallory);
        await first.Inbox.ExpectAsync<WelcomeFrame>();
        await using var second = await ConnectAsync(Ann);
        (await second.Closed.OrFail("the close")).Code.Should().Be(4011);
    }

    [Test]
    public async Task Login_attempts_are_limited_for_the_address_behind_the_proxy()
    {
        await StartAsync("--Limits:LoginAttemptsPerAddress", "1", "--Limits:LoginAttemptsPerName", "100");
        await using var mallory = await ConnectAsync(Mallory);
        await using var ann = await ConnectAsync(Ann);
        async Task<string> GuessAsync(ChatClient client, int id)
        {
            await client.SendAsync($$"""{"type":"login","name":"bob","password":"wrong password","id":{{id}}}""");
            return (await client.Inbox.ExpectAsync<ErrorFrame>(error => error.Id == FrameId.From(id))).Error.Code;
        }

        (await GuessAsync(mallory, 1)).Should().Be(ErrorCode.BadPassword);
        (await GuessAsync(mallory, 2)).Should().Be(ErrorCode.RateLimited);
        (await GuessAsync(ann, 1)).Should().Be(ErrorCode.BadPassword);
    }

    [Test]
    public void Server_rejects_a_proxy_that_is_not_an_address()
    {
        var start = () => Server.Program.Build(["--Proxies:Trusted:0", "1.2.3.4/99"]);
        start.Should().Throw<Server.Hosting.SettingException>().WithMessage("--Proxies:Trusted: \"1.2.3.4/99\" is not an address or a network; try: 127.0.0.1 or 10.0.0.0/8");
    }

    private async Task StartAsync(params string[] settings) => _started = await ServerUnderTest.StartAsync(["--Proxies:Trusted:0", "127.0.0.1", .. settings]);

    private Task<ChatClient> ConnectAsync(string address) =>
        ChatClient.ConnectAsync(Running.HttpPort, headers: [KeyValuePair.Create("X-Forwarded-For", address)]);

    private static Task<HttpTestResponse> PostHelloAsync(HttpTestClient client, string address) =>
        client.PostAsync("/session", """{"type":"hello"}""", ("X-Forwarded-For", address));
}
