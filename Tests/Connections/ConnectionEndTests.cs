using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

/// <summary>How connections end: the last frame, the close frame, and only then the stream.</summary>
public sealed class ConnectionEndTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(CloseCode.Normal)]
    [TestCase(CloseCode.GoingAway)]
    [TestCase((ushort)4321)]
    public async Task A_peers_close_is_echoed_with_its_code_and_no_farewell(ushort code)
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await ann.CloseAsync(code);
        (await ann.Closed.OrFail("the echoed close")).Code.Should().Be(code);
        await ann.StreamEnded.OrFail("the end of the stream");
        ann.Inbox.All.OfType<ByeFrame>().Should().BeEmpty();
    }

    [Test]
    public async Task A_peers_close_right_behind_its_fault_ends_the_stream_at_once()
    {
        // No time passes here: the stream ends since both have closed, and not since the server lost its patience.
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(new FakeTimeProvider()));
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        byte[] binary = [0x82, 0x80, 0, 0, 0, 0], close = [0x88, 0x80, 0, 0, 0, 0];
        await ann.SendBytesAsync((byte[])[.. binary, .. close]);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(CloseCode.UnsupportedData);
        await ann.StreamEnded.OrFail("the end of the stream");
    }

    [TestCase("/ws?room=lobby")]
    [TestCase("/ws?room=%23lobby")]
    public async Task The_room_of_the_address_is_joined_with_its_sign_or_without(string address)
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, address);
        (await ann.Inbox.ExpectAsync<JoinedFrame>()).Room.Should().Be("lobby");
    }

    [Test]
    public async Task A_server_that_leaves_says_so_to_all_and_closes_with_4001()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?room=lobby");
        await ann.Inbox.ExpectAsync<JoinedFrame>();
        await using var bob = await LineClient.ConnectAsync(_server.RawPort);
        await bob.SendAsync("""{"type":"hello"}""");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();

        var stopping = _server.StopAsync();
        var bye = await ann.Inbox.ExpectAsync<ByeFrame>();
        bye.Should().Match<ByeFrame>(frame => frame.Code == 4001 && frame.Reconnect && frame.AfterMs > 0);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4001);
        (await bob.Inbox.ExpectAsync<ByeFrame>()).Code.Should().Be(4001);
        await bob.Ended.OrFail("the orderly end of the raw stream");
        await ann.CloseAsync(4001);
        await stopping.OrFail("the server's end");
    }

    [Test]
    public async Task The_server_ends_only_after_the_last_connection_has()
    {
        using var connections = new ConnectionRegistry();
        var lifetime = _server.Services.GetRequiredService<IHostApplicationLifetime>();
        using var watch = new ConnectionWatch(connections, Options.Create(new ConnectionOptions()), TimeProvider.System, lifetime);
        connections.Begin();
        connections.Begin();

        var stopping = watch.StopAsync(CancellationToken.None);

        connections.Leaving.IsCancellationRequested.Should().BeTrue();
        connections.End();
        stopping.IsCompleted.Should().BeFalse("one of them still lingers");
        connections.End();
        await stopping.OrFail("the end");
    }

    [Test]
    public async Task The_server_waits_for_its_connections_no_longer_than_it_may()
    {
        using var connections = new ConnectionRegistry();
        var lifetime = _server.Services.GetRequiredService<IHostApplicationLifetime>();
        using var watch = new ConnectionWatch(connections, Options.Create(new ConnectionOptions()), TimeProvider.System, lifetime);
        using var deadline = new CancellationTokenSource();
        connections.Begin();

        var stopping = watch.StopAsync(deadline.Token);
        await deadline.CancelAsync();

        await stopping.Invoking(task => task.OrFail("the end")).Should().ThrowAsync<OperationCanceledException>();
    }

    [Test]
    public void Rooms_and_storage_end_after_the_connections_that_need_them()
    {
        // They stop in the opposite order of this.
        var services = _server.Services.GetServices<IHostedService>().Select(service => service.GetType().Name).ToList();

        services.Should().ContainInOrder(nameof(RoomDirectory), nameof(ConnectionWatch), "GenericWebHostService");
        services.Should().ContainInOrder(nameof(Retention), nameof(ConnectionWatch));
        services.Should().ContainInOrder(nameof(SessionUpkeep), nameof(ConnectionWatch));
    }

    [Test]
    public async Task The_close_frame_reaches_a_peer_that_goes_on_sending_and_reads_late()
    {
        // Much is under way to the peer when it breaks the protocol. Were the socket closed with unread bytes in it, TCP
        // would reset it, and drop what the peer has not taken, the close frame with it.
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var (speaker, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = speaker;
        for (var i = 0; i < 30; i++)
            await speaker.SayAsync(new string('x', 7_000));

        await using var mallory = await ChatClient.ConnectAsync(server.HttpPort, read: false, receiveBuffer: 4096);
        for (var i = 0; i < 4; i++)
            await mallory.SendAsync("""{"type":"history","room":"lobby"}""");
        try
        {
            await mallory.SendBytesAsync(new byte[] { 0x83, 0x80, 0, 0, 0, 0 });
            for (var i = 0; i < 200; i++)
                await mallory.SendBytesAsync(new byte[64 * 1024]);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The reset that must not come; the close frame tells below.
        }

        mallory.Read();
        (await mallory.Closed.OrFail("the close frame")).Code.Should().Be(CloseCode.ProtocolError);
        mallory.Inbox.All.OfType<HistoryFrame>().Should().HaveCount(4);
    }

    [Test]
    public async Task The_last_line_reaches_a_raw_peer_that_goes_on_sending()
    {
        await using var bob = await LineClient.ConnectAsync(_server.RawPort);
        await bob.SendAsync("""{"type":"hello"}""");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        using var stop = new CancellationTokenSource();
        var sending = Task.Run(async () =>
        {
            try
            {
                while (!stop.IsCancellationRequested)
                    await bob.SendAsync("""{"type":"nonsense"}""");
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The server has ended the stream.
            }
        });
        (await bob.Inbox.ExpectAsync<ByeFrame>()).Code.Should().Be(4506);
        await stop.CancelAsync();
        await sending;
    }

    [Test]
    public async Task All_that_was_asked_before_the_end_of_input_is_answered_on_the_raw_port()
    {
        // printf '/join lobby\nhi\n' | nc -N 127.0.0.1 5081
        for (var round = 0; round < 20; round++)
        {
            await using var ann = await LineClient.ConnectAsync(_server.RawPort);
            await ann.SendAsync($$"""
                {"type":"join","room":"lobby"}
                {"type":"say","text":"one","id":1}
                {"type":"say","text":"two","id":2}
                """);
            ann.EndSending();
            await ann.Ended.OrFail("the orderly end of the stream");
            ann.Inbox.All.OfType<AckFrame>().Should().HaveCount(2);
            ann.Inbox.All.OfType<MessageFrame>().Should().HaveCount(2, "a person sees what they said by its copy alone");
        }
    }

    [Test]
    public async Task A_connection_that_is_cut_leaves_nothing_behind()
    {
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = ann;
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "bob" });

        bob.Cut();

        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "bob" });
        await Patience.UntilAsync(() => _server.Connections.Count == 1, "the connection to be gone");
        await using var again = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await again.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("bob", "the name is free at once");
    }
}
