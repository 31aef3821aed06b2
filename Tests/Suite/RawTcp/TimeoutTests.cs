using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>
/// The server closes a raw TCP connection if the client never sends a frame or stops in the middle of a frame. After its first complete
/// frame, a client may stay silent without limit. The tests advance the clock.
/// </summary>
public sealed class TimeoutTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time), "--Connections:FirstFrameSeconds", "40", "--Connections:FrameSeconds", "10");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Server_closes_a_connection_that_never_sends_and_explains_why()
    {
        await using var silent = await LineClient.ConnectAsync(_server.RawPort);
        await TestWait.UntilAsync(() => _server.Connections.Count == 1, "the connection");
        Advance(39);
        _server.Connections.All.Single().IsOpen.Should().BeTrue("--Connections:FirstFrameSeconds is 40");
        Advance(2);
        await silent.ExpectLineAsync("-!- bye: the server received nothing from you for too long");
        silent.Lines.Should().ContainSingle();
    }

    [Test]
    public async Task Empty_lines_do_not_count_as_the_first_frame()
    {
        await using var silent = await LineClient.ConnectAsync(_server.RawPort);
        await TestWait.UntilAsync(() => _server.Connections.Count == 1, "the connection");
        Advance(5);
        await silent.SendBytesAsync("\r\n \n"u8.ToArray());
        await TestWait.UntilAsync(() => _server.Connections.All.Single().SilentFor == TimeSpan.Zero, "the empty lines");
        Advance(41);
        await silent.ExpectLineAsync("-!- bye:");
    }

    [Test]
    public async Task Server_closes_a_connection_that_stops_in_the_middle_of_its_first_line()
    {
        await using var program = await LineClient.ConnectAsync(_server.RawPort);
        await program.SendBytesAsync("{\"type\":\"hel"u8.ToArray());
        await TestWait.UntilAsync(() => _server.Connections.All.Any(connection => connection.IsMidFrame), "the incomplete line");
        Advance(11);
        (await program.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4010 && bye.Reconnect);
    }

    [TestCase("/join lobby\n", "lobby")]
    [TestCase("/help\n", "/join")]
    public async Task Client_that_has_sent_one_frame_may_stay_silent_for_hours(string first, string answer)
    {
        await using var reader = await LineClient.ConnectAsync(_server.RawPort);
        await reader.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes(first));
        await reader.ExpectLineAsync(answer);
        await using var other = await LineClient.ConnectAsync(_server.RawPort);
        await TestWait.UntilAsync(() => _server.Connections.Count == 2, "a client that never sends");
        Advance(5 * 3600);
        await other.ExpectLineAsync("bye");
        _server.Connections.All.Should().ContainSingle(connection => connection.IsOpen);
        await reader.SendAsync("still here");
        await reader.ExpectLineAsync("> still here");
    }

    [Test]
    public async Task Connections_that_never_send_create_no_session_and_time_out()
    {
        const int Many = 500;
        var before = _server.Services.GetRequiredService<SessionStore>().Count;
        var flood = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => LineClient.ConnectAsync(_server.RawPort, read: false)));
        await TestWait.UntilAsync(() => _server.Connections.Count == Many, "all connections");
        _server.Services.GetRequiredService<SessionStore>().Count.Should().Be(before);

        Advance(41);
        await TestWait.UntilAsync(() => _server.Connections.Count == 0, () => $"the end of all connections; {_server.Connections.Count} are left");
        foreach (var silent in flood)
        {
            // The server waits for the end of the client's stream, and resets the connection if the client does not end it.
            silent.Read();
            await TestWait.UntilAsync(
                () =>
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                    return silent.Ended.IsCompleted;
                },
                "the end of the stream");
            await silent.DisposeAsync();
        }
    }

    // Advances the clock in steps of one second, because the server checks the connections once a second.
    private void Advance(int seconds)
    {
        for (var i = 0; i < seconds; i++)
            _time.Advance(TimeSpan.FromSeconds(1));
    }
}
