using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The limit on the rooms that the guests of one address may create in 24 hours.</summary>
public sealed class GuestRoomTests
{
    private const string Mallory = "198.51.100.7";
    private const string Ann = "203.0.113.9";

    private FakeTimeProvider _time = null!;
    private CatalogGate _catalog = null!;
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _catalog = new CatalogGate();
        _server = await ServerUnderTest.StartAsync(
            services =>
            {
                services.AddSingleton<TimeProvider>(_time);
                _catalog.Install(services);
            },
            "--Proxies:Trusted:0", "127.0.0.1", "--Addresses:GuestRoomsPerDay", "3", "--Connections:PingSeconds", "3600");
    }

    [TearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Guests_of_one_address_can_together_create_a_limited_number_of_rooms_in_24_hours()
    {
        await using (var first = await ConnectAsync(Mallory))
        {
            await first.RequestAsync<JoinedFrame>(Create("one"));
            (await first.RequestAsync<ErrorFrame>(Create("one"))).Error.Code.Should().Be(ErrorCode.RoomExists, "a room that is not created does not count");
            _time.Advance(TimeSpan.FromMinutes(30));
            await first.RequestAsync<JoinedFrame>(Create("two"));
        }

        await using (var second = await ConnectAsync(Mallory))
        {
            await second.RequestAsync<JoinedFrame>(Create("three"));
            (await second.RequestAsync<ErrorFrame>(Create("four"))).Error
                .Should().Match<ChatError>(error => error.Code == ErrorCode.TooMany && error.RetryAfterMs == 23.5 * 3600 * 1000);
            (await second.RequestAsync<ErrorFrame>(Create("bad name!"))).Error.Code.Should().Be(ErrorCode.BadField);
        }

        await using var ann = await ConnectAsync(Ann);
        await ann.RequestAsync<JoinedFrame>(Create("of-ann"));

        _time.Advance(TimeSpan.FromHours(23.5));
        await using var third = await ConnectAsync(Mallory);
        await third.RequestAsync<JoinedFrame>(Create("four"));
        (await third.RequestAsync<ErrorFrame>(Create("five"))).Error.Code.Should().Be(ErrorCode.TooMany, "the second room is not a day old");
    }

    [Test]
    public async Task Direct_rooms_count_towards_the_limit_of_guests_but_accounts_have_no_limit()
    {
        await using var mallory = await ConnectAsync(Mallory);
        await using var ann = await ConnectAsync(Ann, "ann");
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await mallory.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = "ann", Id = FrameId.From("dm") });
        await mallory.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = "ann", Id = FrameId.From("again") });
        await mallory.RequestAsync<JoinedFrame>(Create("one"));
        await mallory.RequestAsync<JoinedFrame>(Create("two"));
        (await mallory.RequestAsync<ErrorFrame>(Create("three"))).Error.Code.Should().Be(ErrorCode.TooMany);

        await mallory.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "mallory", Password = "a long password", Id = FrameId.From("r") });
        await mallory.RequestAsync<JoinedFrame>(Create("three"));
    }

    [Test]
    public async Task Room_that_the_storage_cannot_create_does_not_count()
    {
        await using var mallory = await ConnectAsync(Mallory);
        await using var ann = await ConnectAsync(Ann, "ann");
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        foreach (var request in (ClientFrame[])[Create("lost"), new() { Type = ClientFrameType.Dm, To = "ann", Id = FrameId.From("dm") }])
        {
            _catalog.Fail(nameof(IRoomCatalog.CreateRoomAsync));
            (await mallory.RequestAsync<ErrorFrame>(request)).Error.Code.Should().Be(ErrorCode.Unavailable);
        }

        foreach (var room in (string[])["one", "two", "three"])
            await mallory.RequestAsync<JoinedFrame>(Create(room));
        (await mallory.RequestAsync<ErrorFrame>(Create("four"))).Error.Code.Should().Be(ErrorCode.TooMany);
    }

    private static ClientFrame Create(string room) => new() { Type = ClientFrameType.Create, Room = room, Id = FrameId.From($"create {room} {Guid.NewGuid():n}") };

    private Task<ChatClient> ConnectAsync(string address, string? name = null) =>
        ChatClient.ConnectAsync(_server.HttpPort, $"/ws?name={name}", headers: [KeyValuePair.Create("X-Forwarded-For", address)]);
}
