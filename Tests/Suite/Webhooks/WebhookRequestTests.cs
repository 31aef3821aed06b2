using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Outgoing;
using RawSocketChat.Server.Webhooks;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Webhooks;

/// <summary>The request <c>webhook</c>. The tests resolve the names of receivers with a table, not with DNS.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed class WebhookRequestTests
{
    private const string PublicUrl = "https://public.example/chat";

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServerAsync() => _server = await ServerUnderTest.StartAsync(
        services => services.AddSingleton<INameResolver>(new TableResolver(new() { ["public.example"] = "198.41.0.4", ["inner.example"] = "10.0.0.7" })));

    [OneTimeTearDown]
    public async Task StopServerAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Owner_sets_shows_and_removes_a_webhook_and_sees_the_secret_once()
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        await room.SayAsync("before");
        (await room.RequestAsync("show")).Should().BeEquivalentTo(new { Do = "show", Room = room.Name, Url = (string?)null, Delivered = (long?)null });
        var set = await room.SetAsync(PublicUrl);
        set.Should().BeEquivalentTo(new { Do = "set", Room = room.Name, Url = PublicUrl, Delivered = 1L, Failing = (WebhookFailing?)null });
        set.Secret.Should().StartWith("whsec_");
        (await room.RequestAsync("show")).Should().BeEquivalentTo(new { Url = PublicUrl, Secret = (string?)null, Delivered = 1L });
        (await room.SetAsync(PublicUrl)).Secret.Should().NotBe(set.Secret, "each set request creates another secret");
        (await room.RequestAsync("retry")).Failed.Should().BeEmpty();
        (await room.RequestAsync("remove")).Url.Should().BeNull();
        (await room.FailAsync("remove")).Code.Should().Be(ErrorCode.NotFound);
        (await room.FailAsync("retry")).Code.Should().Be(ErrorCode.NotFound);
    }

    [Test]
    public async Task Moderators_manage_the_webhook_and_members_do_not()
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "", room.Name);
        await using var __ = bob;
        foreach (var what in (string[])["set", "show", "retry", "remove"])
            (await bob.RequestAsync<ErrorFrame>(room.Create(what, PublicUrl))).Error.Code.Should().Be(ErrorCode.NotAllowed, what);
        var name = bob.Inbox.All.OfType<WelcomeFrame>().First().Name;
        await room.ActAsync(new ClientFrame { Type = ClientFrameType.Role, User = name, Role = "moderator" });
        (await bob.RequestAsync<WebhookFrame>(room.Create("set", PublicUrl))).Secret.Should().NotBeNull();
    }

    [Test]
    public async Task Request_from_outside_the_room_gets_an_error()
    {
        await using var eve = await ChatClient.ConnectAsync(_server.HttpPort, "/ws");
        (await eve.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Webhook, Do = "show", Room = "lobby", Id = FrameId.From(1) })).Error.Code.Should().Be(ErrorCode.NotInRoom);
    }

    [TestCase("example.org/chat", "must be an https address, such as https://example.org/chat")]
    [TestCase("ftp://public.example/", "must be an https address, such as https://example.org/chat")]
    [TestCase("file:///etc/passwd", "must be an https address, such as https://example.org/chat")]
    [TestCase("https://ann:secret@public.example/", "must have no user name, no password and no fragment")]
    [TestCase("https://public.example/#a", "must have no user name, no password and no fragment")]
    [TestCase("http://public.example/chat", "must begin with https://")]
    [TestCase("https://127.0.0.1/chat", "must be the address of a public server; \"127.0.0.1\" has no address that is allowed")]
    [TestCase("https://2130706433/chat", "must be the address of a public server; \"127.0.0.1\" has no address that is allowed")]
    [TestCase("https://[::1]/chat", "must be the address of a public server; \"::1\" has no address that is allowed")]
    [TestCase("https://169.254.169.254/latest/meta-data", "must be the address of a public server; \"169.254.169.254\" has no address that is allowed")]
    public async Task Address_that_is_not_usable_is_rejected_with_a_hint(string url, string reason)
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        var error = await room.FailAsync("set", url);
        (error.Code, error.Text).Should().Be((ErrorCode.BadField, $"\"url\" {reason}"));
        error.Hint.Should().Be($$"""{"type":"webhook","do":"set","url":"https://example.org/chat","room":"{{room.Name}}"}""");
        (await room.RequestAsync("show")).Url.Should().BeNull();
    }

    [Test]
    public async Task Error_does_not_show_whether_a_name_of_the_inner_network_exists()
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        var inner = await room.FailAsync("set", "https://inner.example/");
        var unknown = await room.FailAsync("set", "https://unknown.example/");
        inner.Text.Replace("inner", "unknown", StringComparison.Ordinal).Should().Be(unknown.Text);
    }

    [Test]
    public async Task Address_that_is_too_long_is_rejected()
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        (await room.FailAsync("set", PublicUrl + new string('x', 2_000))).Text.Should().Be("\"url\" must have at most 2000 characters");
    }

    [Test]
    public async Task Error_for_a_set_request_without_an_address_has_a_valid_command_as_its_hint()
    {
        await using var room = await WebhookRoom.CreateAsync(_server);
        await room.Owner.SendAsync("/webhook set");
        var error = (await room.Owner.Inbox.ExpectAsync<ErrorFrame>()).Error;
        (error.Code, error.Hint).Should().Be((ErrorCode.MissingField, "/webhook set https://example.org/chat"));
    }

    [Test]
    public async Task Operator_can_turn_webhooks_off()
    {
        await using var server = await ServerUnderTest.StartAsync("--Webhooks:Enabled", "false");
        await using var room = await WebhookRoom.CreateAsync(server);
        (await room.FailAsync("set", PublicUrl)).Code.Should().Be(ErrorCode.NotOffered);
        (await room.Owner.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") })).Features.Should().NotContain("webhook");
        var help = await room.Owner.RequestAsync<HelpFrame>(new ClientFrame { Type = ClientFrameType.Help, Id = FrameId.From("h") });
        help.Commands.Should().NotContain(entry => entry.Command == "webhook");
    }

    private sealed class TableResolver(Dictionary<string, string> names) : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
            IPAddress.TryParse(host, out var address) ? Task.FromResult<IPAddress[]>([address])
            : names.TryGetValue(host, out var found) ? Task.FromResult<IPAddress[]>([IPAddress.Parse(found)])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
