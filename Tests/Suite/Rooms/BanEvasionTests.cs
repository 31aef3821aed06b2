using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Sessions;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>
/// A banned guest and a user with a banned account try to come back in different ways, while the server runs and after a restart. The tests
/// set the address of a client in X-Forwarded-For, as a trusted proxy does.
/// </summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class BanEvasionTests(bool isRestarted)
{
    private const string Room = "garden";
    private const string Password = "correct horse battery";

    private const string GuestAddress = "2001:db8:1:2::7";
    private const string NeighborAddress = "2001:db8:1:2:ffff:ffff:ffff:fffe";
    private const string OtherNetwork = "2001:db8:1:3::7";
    private const string AccountAddress = "198.51.100.7";
    private const string OtherAddress = "203.0.113.9";

    private readonly List<IAsyncDisposable> _clients = [];
    private TemporaryFolder _data = null!;
    private ServerUnderTest _server = null!;
    private string _guestSession = "";
    private string _accountSession = "";

    [OneTimeSetUp]
    public async Task BanGuestAndAccount()
    {
        _data = new TemporaryFolder();
        _server = await StartAsync();
        var owner = await ConnectAsync(OtherAddress, "owner");
        await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = Room, Id = NewId() });

        var guest = await ConnectAsync(GuestAddress, "trolly");
        _guestSession = (await guest.RequestAsync<WelcomeFrame>(Whoami)).Session;
        var account = await ConnectAsync(AccountAddress, "mallory");
        _accountSession = (await account.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "mallory", Password = Password, Id = NewId() })).Session;
        foreach (var (banned, name) in ((IChatPeer, string)[])[(guest, "trolly"), (account, "mallory")])
        {
            await banned.RequestAsync<JoinedFrame>(Join(Room));
            await owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Ban, User = name, Room = Room, Id = NewId() });
            await banned.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4503);
        }

        if (!isRestarted)
            return;
        await DisconnectAsync();
        await _server.DisposeAsync();
        _server = await StartAsync();
    }

    [TearDown]
    public async Task DisconnectAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        _clients.Clear();
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Test]
    public async Task New_guest_from_the_address_of_the_banned_guest_is_banned() =>
        await ShouldBeBannedAsync(await ConnectAsync(GuestAddress, "somebody"));

    [Test]
    public async Task New_guest_whose_address_has_the_same_first_64_bits_is_banned() =>
        await ShouldBeBannedAsync(await ConnectAsync(NeighborAddress, "neighbor"));

    [Test]
    public async Task New_guest_from_the_same_address_is_banned_on_the_other_transports()
    {
        await ShouldBeBannedAsync(await ConnectRawAsync(GuestAddress, session: null));
        await ShouldBeBannedOverHttpAsync(GuestAddress, session: null);
    }

    [Test]
    public async Task Banned_guest_who_changes_the_name_is_still_banned()
    {
        var guest = await ConnectAsync(OtherNetwork, name: null, _guestSession);
        await guest.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "robert", Id = NewId() });
        await ShouldBeBannedAsync(guest);
    }

    [Test]
    public async Task Session_of_the_banned_guest_stays_banned_at_another_address_on_every_transport()
    {
        await ShouldBeBannedAsync(await ConnectAsync(OtherNetwork, name: null, _guestSession));
        await ShouldBeBannedAsync(await ConnectRawAsync(OtherNetwork, _guestSession));
        await ShouldBeBannedOverHttpAsync(OtherNetwork, _guestSession);
    }

    [Test]
    public async Task Session_of_the_banned_account_stays_banned_at_another_address_on_every_transport()
    {
        await ShouldBeBannedAsync(await ConnectAsync(OtherAddress, name: null, _accountSession));
        await ShouldBeBannedAsync(await ConnectRawAsync(OtherAddress, _accountSession));
        await ShouldBeBannedOverHttpAsync(OtherAddress, _accountSession);
    }

    [Test]
    public async Task Banned_account_is_banned_on_another_device()
    {
        var phone = await ConnectAsync(OtherAddress, "phone");
        await phone.RequestAsync<WelcomeFrame>(LogIn);
        await ShouldBeBannedAsync(phone);
        await phone.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "alice", Id = NewId() });
        await ShouldBeBannedAsync(phone);
    }

    [Test]
    public async Task Guest_in_the_room_who_logs_in_as_the_banned_user_is_removed_from_the_room()
    {
        var byLogin = await ConnectAsync(OtherAddress, "first");
        await byLogin.RequestAsync<JoinedFrame>(Join(Room));
        await byLogin.RequestAsync<WelcomeFrame>(LogIn);
        await ShouldBeBannedAsync(byLogin);

        var bySession = await ConnectAsync(OtherNetwork, "second");
        await bySession.RequestAsync<JoinedFrame>(Join(Room));
        await bySession.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = _guestSession, Id = NewId() });
        await ShouldBeBannedAsync(bySession);
    }

    [Test]
    public async Task Users_who_are_not_banned_can_join()
    {
        await (await ConnectAsync(OtherNetwork, "stranger")).RequestAsync<JoinedFrame>(Join(Room));
        await (await ConnectAsync(AccountAddress, "visitor")).RequestAsync<JoinedFrame>(Join(Room));

        var carol = await ConnectAsync(GuestAddress, "carol");
        await carol.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "carol", Password = Password, Id = NewId() });
        await carol.RequestAsync<JoinedFrame>(Join(Room));
    }

    private static ClientFrame Whoami => new() { Type = ClientFrameType.Whoami, Id = NewId() };

    private static ClientFrame LogIn => new() { Type = ClientFrameType.Login, Name = "mallory", Password = Password, Id = NewId() };

    private static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");

    // A banned user may not join, write or read.
    private static async Task ShouldBeBannedAsync(IChatPeer peer)
    {
        (await peer.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned);
        (await peer.RequestAsync<ErrorFrame>(Say("I am back", "s", Room))).Error.Code.Should().Be(ErrorCode.NotInRoom);
        (await peer.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.History, Room = Room, Id = NewId() })).Error.Code.Should().Be(ErrorCode.Banned);
    }

    private async Task ShouldBeBannedOverHttpAsync(string address, string? session)
    {
        using var http = new HttpTestClient(_server.HttpPort, session);
        if (session is null)
        {
            var answer = await http.PostAsync("/session", """{"type":"hello"}""", ("X-Forwarded-For", address));
            http.Token = ChatCodec.TryReadServer(Encoding.UTF8.GetBytes(answer.Body), out var frame) && frame is WelcomeFrame welcome ? welcome.Session : throw new AssertionException(answer.Body);
        }

        var answers = (await http.PostAsync("/send", $$"""[{"type":"join","room":"{{Room}}"},{"type":"history","room":"{{Room}}"}]""", ("X-Forwarded-For", address))).Answers;
        answers.Should().HaveCount(2).And.AllBeOfType<ErrorFrame>().Which.Should().OnlyContain(answer => answer.Error.Code == ErrorCode.Banned);
    }

    private async Task<IChatPeer> ConnectAsync(string address, string? name, string? session = null)
    {
        var client = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name={name}&session={session}", headers: [KeyValuePair.Create("X-Forwarded-For", address)]);
        _clients.Add(client);
        await client.Inbox.ExpectAsync<WelcomeFrame>(welcome => name is null || welcome.Name == name);
        return client;
    }

    private async Task<IChatPeer> ConnectRawAsync(string address, string? session)
    {
        var client = await LineClient.ConnectAsync(_server.RawPort);
        _clients.Add(client);
        await client.SendBytesAsync(Encoding.ASCII.GetBytes(address.Contains(':', StringComparison.Ordinal) ? $"PROXY TCP6 {address} ::1 56324 5081\r\n" : $"PROXY TCP4 {address} 127.0.0.1 56324 5081\r\n"));
        await client.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = NewId() });
        return client;
    }

    private Task<ServerUnderTest> StartAsync() => ServerUnderTest.StartAsync(
        services => services.AddSingleton<IPasswordHasher<StoredAccount>>(new CountingHasher()),
        "--Data:Path", _data.Path, "--Proxies:Trusted:0", "127.0.0.1", "--Proxies:ProxyProtocolRawTcp", "true");
}
