using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Hostile;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Proxies;

/// <summary>
/// An attacker runs all HTTP attacks at the same time, through a real nginx that forwards the addresses of its clients. <c>AllAttacksTests</c>
/// is similar, but has no proxy.
/// </summary>
[Category(Categories.Slow)] // runs nginx, and attacks for some seconds
public sealed class AttackedNginxTests
{
    private const string AttackersAddress = "203.0.113.66";

    // All clients of the test have the same real address, so a client uses this header to choose the address that nginx forwards.
    private const string AddressHeader = "X-Test-Address";

    private const string Location = $$"""
        set $client {{AttackersAddress}};
        if ($http_x_test_address) { set $client $http_x_test_address; }
        proxy_set_header X-Forwarded-For $client;
        proxy_set_header Host $http_host;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        """;

    private const string Password = "correct horse battery";

    private ServerUnderTest _server = null!;
    private NginxProxy _nginx = null!;

    [SetUp]
    public async Task Start()
    {
        _server = await ServerUnderTest.StartAsync("--Proxies:Trusted:0", "127.0.0.1");
        _nginx = await NginxProxy.StartAsync(_server.HttpPort, Location);
    }

    [TearDown]
    public async Task Stop()
    {
        await _nginx.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task New_user_from_another_address_can_connect_and_log_in_and_post_a_message()
    {
        await using var ann = await JoinAsync("ann", "203.0.113.1");
        using var stop = new CancellationTokenSource();
        var attacks = new Attacks(_nginx.Port, rawPort: null).Start(stop.Token);
        try
        {
            await AttackersAreRejectedAsync().OrFail("the rejection of the attackers' address");

            await using (var carol = await JoinAsync("carol", "203.0.113.3"))
            {
                await carol.SendAsync($$"""{"type":"register","name":"carol","password":"{{Password}}"}""");
                await carol.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
            }

            await using var again = await JoinAsync("guest-of-the-test", "203.0.113.3");
            await again.SendAsync($$"""{"type":"login","name":"carol","password":"{{Password}}"}""");
            await again.Inbox.ExpectAsync<WelcomeFrame>(welcome => welcome is { Guest: false, Name: "carol" });
            await again.RequestAsync<AckFrame>(Say("hello from a newcomer", id: "1", room: "lobby"));
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "hello from a newcomer" && message.From.Name == "carol");
            await AttackersAreRejectedAsync().OrFail("the rejection of the attackers' address, as before");
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(attacks).OrFail("the end of the attacks");
        }

        ann.Closed.IsCompleted.Should().BeFalse();
        await ann.SayAsync("still here");
    }

    private async Task<ChatClient> JoinAsync(string name, string address)
    {
        var client = await ChatClient.ConnectAsync(_nginx.Port, $"/ws?name={name}&room=lobby", headers: [KeyValuePair.Create(AddressHeader, address)]);
        await client.Inbox.ExpectAsync<JoinedFrame>();
        return client;
    }

    private async Task AttackersAreRejectedAsync()
    {
        using var attacker = new HttpTestClient(_nginx.Port);
        while ((await attacker.PostAsync("/session", """{"type":"hello"}""")).Status != 429)
        {
            // The address still has points, so try again.
        }
    }
}
