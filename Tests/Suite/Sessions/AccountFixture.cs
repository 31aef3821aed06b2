using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

/// <summary>
/// Starts the real server with the test's clock and password hasher, and connects clients over one transport (<c>ws</c> or <c>tcp</c>).
/// </summary>
public abstract class AccountFixture(string transport)
{
    protected const string Password = "my long password";

    private readonly List<IChatPeer> _peers = [];
    private ServerUnderTest? _server;

    private protected CountingHasher Hasher { get; private set; } = null!;

    protected FakeTimeProvider Time { get; private set; } = null!;

    protected ServerUnderTest Server => _server!;

    [SetUp]
    public void Reset() => (Time, Hasher, _server) = (new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero)), new CountingHasher(), null);

    [TearDown]
    public async Task DisposeAll()
    {
        Hasher.Release();
        foreach (var peer in _peers)
            await peer.DisposeAsync();
        _peers.Clear();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    protected static ClientFrame Whoami => new() { Type = ClientFrameType.Whoami, Id = NewId() };

    protected static ClientFrame Logout => new() { Type = ClientFrameType.Logout, Id = NewId() };

    protected static ClientFrame Register(string name, string password = Password) =>
        new() { Type = ClientFrameType.Register, Name = name, Password = password, Id = NewId() };

    protected static ClientFrame Login(string name, string password) =>
        new() { Type = ClientFrameType.Login, Name = name, Password = password, Id = NewId() };

    protected static FrameId NewId() => FrameId.From($"{Guid.NewGuid():n}");

    protected Task StartAsync(params string[] settings) => StartAsync(new MemoryIdentityStore(), settings);

    protected async Task StartAsync(IIdentityStore storage, params string[] settings) =>
        _server = await ServerUnderTest.StartAsync(
            services =>
            {
                services.AddSingleton(storage);
                services.AddSingleton<TimeProvider>(Time);
                services.AddSingleton<IPasswordHasher<StoredAccount>>(Hasher);
            },
            settings);

    protected async Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(string? name, string? session = null)
    {
        IChatPeer peer;
        if (transport == "ws")
            peer = await ChatClient.ConnectAsync(Server.HttpPort, $"/ws?name={Uri.EscapeDataString(name ?? "")}&session={session}");
        else
        {
            peer = await LineClient.ConnectAsync(Server.RawPort);
            await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Name = name, Session = session });
        }

        _peers.Add(peer);
        return (peer, await peer.Inbox.ExpectAsync<WelcomeFrame>());
    }
}
