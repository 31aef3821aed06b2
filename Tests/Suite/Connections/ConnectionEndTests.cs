using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

/// <summary>How connections end: the server sends the last frame and the close frame, then ends the stream.</summary>
[Category(Categories.Slow)] // waits for timeouts
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
    public async Task Server_echoes_the_peers_close_code_and_sends_no_bye(ushort code)
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await ann.CloseAsync(code);
        (await ann.Closed.OrFail("the echoed close")).Code.Should().Be(code);
        await ann.StreamEnded.OrFail("the end of the stream");
        ann.Inbox.All.OfType<ByeFrame>().Should().BeEmpty();
    }

    [Test]
    public async Task Server_ends_the_stream_without_a_timeout_when_the_peer_closes_right_after_a_protocol_error()
    {
        // The fake time does not advance, so no timeout can end the stream. The stream ends because both sides have closed.
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
    public async Task Connection_joins_the_room_in_its_URL_with_or_without_a_hash_sign(string address)
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, address);
        (await ann.Inbox.ExpectAsync<JoinedFrame>()).Room.Should().Be("lobby");
    }

    [Test]
    public async Task Stopping_server_sends_bye_to_all_clients_and_closes_with_4001()
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
    public async Task Server_stops_only_after_the_last_connection_has_ended()
    {
        using var connections = new ConnectionRegistry();
        var lifetime = _server.Services.GetRequiredService<IHostApplicationLifetime>();
        using var watch = new ConnectionWatch(connections, Options.Create(new ConnectionOptions()), TimeProvider.System, lifetime, NullLogger<ConnectionWatch>.Instance);
        connections.BeginRun();
        connections.BeginRun();

        var stopping = watch.StopAsync(CancellationToken.None);

        connections.Stopping.IsCancellationRequested.Should().BeTrue();
        connections.EndRun();
        stopping.IsCompleted.Should().BeFalse("one connection is still open");
        connections.EndRun();
        await stopping.OrFail("the end");
    }

    [Test]
    public async Task Stopping_server_waits_for_connections_no_longer_than_the_deadline()
    {
        using var connections = new ConnectionRegistry();
        var lifetime = _server.Services.GetRequiredService<IHostApplicationLifetime>();
        using var watch = new ConnectionWatch(connections, Options.Create(new ConnectionOptions()), TimeProvider.System, lifetime, NullLogger<ConnectionWatch>.Instance);
        using var deadline = new CancellationTokenSource();
        connections.BeginRun();

        var stopping = watch.StopAsync(deadline.Token);
        await deadline.CancelAsync();

        await stopping.Invoking(task => task.OrFail("the end")).Should().ThrowAsync<OperationCanceledException>();
    }

    [Test]
    public void Rooms_and_storage_stop_after_the_connections()
    {
        // The host stops the services in the reverse order of their registration.
        var services = _server.Services.GetServices<IHostedService>().Select(service => service.GetType().Name).ToList();

        services.Should().ContainInOrder(nameof(RoomDirectory), nameof(ConnectionWatch), "GenericWebHostService");
        services.Should().ContainInOrder(nameof(Retention), nameof(ConnectionWatch));
        services.Should().ContainInOrder(nameof(SessionMaintenance), nameof(ConnectionWatch));
    }

    [Test]
    public async Task Close_frame_reaches_a_peer_that_keeps_sending_and_reads_late()
    {
        // The peer violates the protocol while it still has many bytes to read, and then sends more. If the server closed its socket while
        // the socket contains unread bytes, TCP would reset the connection. The peer would then lose all data that it has not read, even
        // the close frame.
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
            // The server may end the connection while the peer sends. The assertions below check that the peer gets the close frame.
        }

        mallory.Read();
        (await mallory.Closed.OrFail("the close frame")).Code.Should().Be(CloseCode.ProtocolError);
        mallory.Inbox.All.OfType<HistoryFrame>().Should().HaveCount(4);
    }

    [Test]
    public async Task Last_line_reaches_a_raw_TCP_peer_that_keeps_sending()
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
    public async Task Server_answers_all_raw_TCP_requests_that_came_before_the_end_of_input()
    {
        // The client sends lines and then shuts down its sending side, like: printf '/join lobby\nhi\n' | nc -N 127.0.0.1 5081
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
            ann.Inbox.All.OfType<MessageFrame>().Should().HaveCount(2, "a sender receives a copy of each of its own messages");
        }
    }

    [Test]
    public async Task Server_removes_the_state_of_a_connection_when_the_peer_resets_it()
    {
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = ann;
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "joined", Name: "bob" });

        bob.Abort();

        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "bob" });
        await TestWait.UntilAsync(() => _server.Connections.Count == 1, "the removal of the connection");
        await using var again = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        (await again.Inbox.ExpectAsync<WelcomeFrame>()).Name.Should().Be("bob", "the name is free after the connection is removed");
    }
}
