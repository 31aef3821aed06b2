using System.Net;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Webhooks;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>The server connects only to allowed addresses, even if a name server returns other addresses. This protects the operator's network.</summary>
public sealed class WebhookConnectorTests : WorkerFixture
{
    private static readonly IPAddress Public = IPAddress.Parse("198.41.0.4");

    private int Port => new Uri(Receiver.Url).Port;

    protected override IEnumerable<(string Name, string Value)> Settings => [];

    [Test]
    public async Task Address_is_checked_again_when_the_server_connects()
    {
        var answers = new Queue<IPAddress>([Public, IPAddress.Loopback, IPAddress.Loopback]);
        var resolver = new FakeResolver(_ => [answers.Dequeue()]);
        Configure(services => services.AddSingleton<INameResolver>(resolver), ("Webhooks:AllowHttp", "true"));
        await CreateRoomAsync();
        var url = $"http://rebinding.example:{Port}/chat";
        (await Connector.FindUrlErrorAsync(url, default)).Should().BeNull("the first look-up returns a public address");
        await SetAsync(url);
        await PostAsync("hi");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Wait);
        Receiver.Received.Should().BeEmpty();
        (await GetProgressAsync()).Error.Should().Be("\"rebinding.example\" has no address that is allowed");
    }

    [Test]
    public async Task Server_connects_to_the_checked_address_without_another_look_up()
    {
        var answers = new Queue<IPAddress[]>([[IPAddress.Loopback], [Public]]);
        var resolver = new FakeResolver(_ => answers.Dequeue());
        Configure(services => services.AddSingleton<INameResolver>(resolver), ("Webhooks:AllowedNetworks:0", "127.0.0.0/8"));
        await CreateRoomAsync();
        await SetAsync($"http://receiver.example:{Port}/chat");
        await PostAsync("hi");
        await RunAsync();
        Receiver.Received.Single().Headers.Host.Single().Should().Be($"receiver.example:{Port}");
        resolver.Count.Should().Be(1);
    }

    [Test]
    public async Task Server_uses_only_the_allowed_addresses_of_a_name()
    {
        Configure(
            services => services.AddSingleton<INameResolver>(new FakeResolver(_ => [IPAddress.IPv6Loopback, IPAddress.Parse("10.0.0.1"), IPAddress.Loopback])),
            ("Webhooks:AllowedNetworks:0", "127.0.0.0/8"));
        await CreateRoomAsync();
        await SetAsync($"http://receiver.example:{Port}/chat");
        await PostAsync("hi");
        await RunAsync();
        Receiver.Received.Should().ContainSingle();
    }

    [TestCase("127.0.0.1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("0.0.0.0")]
    [TestCase("::1")]
    public async Task Receiver_on_this_machine_gets_nothing(string address)
    {
        Configure(services => services.AddSingleton<INameResolver>(new FakeResolver(_ => [IPAddress.Parse(address)])), ("Webhooks:AllowHttp", "true"));
        await CreateRoomAsync();
        await SetAsync($"http://receiver.example:{Port}/chat");
        await PostAsync("hi");
        (await RunAsync()).Kind.Should().Be(WebhookStepKind.Wait);
        Receiver.Received.Should().BeEmpty();
        (await GetProgressAsync()).Error.Should().Be("\"receiver.example\" has no address that is allowed");
    }

    [Test]
    public async Task Errors_do_not_show_whether_a_port_of_an_allowed_network_is_closed_or_has_another_protocol()
    {
        using var telnet = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        telnet.Start();
        var greeting = GreetAsync(telnet);
        var closed = ServerUnderTest.FindFreePort();
        foreach (var url in (string[])[$"http://127.0.0.1:{closed}/", $"http://127.0.0.1:{((IPEndPoint)telnet.LocalEndpoint).Port}/", $"https://127.0.0.1:{Port}/"])
        {
            Configure(null, ("Webhooks:AllowedNetworks:0", "127.0.0.0/8"));
            await CreateRoomAsync();
            await SetAsync(url);
            await PostAsync("hi");
            (await RunAsync()).Kind.Should().Be(WebhookStepKind.Wait);
            (await GetProgressAsync()).Error.Should().Be("the receiver cannot be reached", url);
        }

        await greeting.OrFail("the connection");
    }

    [Test]
    public async Task Name_look_up_ends_after_five_seconds()
    {
        Configure(services => services.AddSingleton<INameResolver>(new HangingResolver()));
        var finding = Connector.FindUrlErrorAsync("https://slow.example/", default);
        Time.Advance(TimeSpan.FromSeconds(4));
        finding.IsCompleted.Should().BeFalse();
        Time.Advance(TimeSpan.FromSeconds(1));
        (await finding.OrFail("the end of the look-up")).Should().EndWith("\"slow.example\" has no address that is allowed");
    }

    private static async Task GreetAsync(System.Net.Sockets.TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("SSH-2.0-OpenSSH_9.9\r\n"u8.ToArray());
    }

    private sealed class HangingResolver : INameResolver
    {
        public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return [];
        }
    }
}
