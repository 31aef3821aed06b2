using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>Idle and half-open peers of the raw port are let go; who has spoken once may be silent for good. Time is moved by hand.</summary>
public sealed class LetGoTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time), "--Connections:FirstFrameSeconds", "40", "--Connections:FrameSeconds", "10");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Who_connects_and_never_sends_a_byte_reads_why_and_is_let_go()
    {
        await using var silent = await LineClient.ConnectAsync(_server.RawPort);
        await Patience.UntilAsync(() => _server.Connections.Count == 1, "the connection");
        Advance(39);
        _server.Connections.All.Single().IsOpen.Should().BeTrue("--Connections:FirstFrameSeconds is 40");
        Advance(2);
        await silent.ExpectLineAsync("-!- bye: nothing was heard from you for too long");
        silent.Lines.Should().ContainSingle();
    }

    [Test]
    public async Task Empty_lines_are_no_first_frame()
    {
        await using var silent = await LineClient.ConnectAsync(_server.RawPort);
        await Patience.UntilAsync(() => _server.Connections.Count == 1, "the connection");
        Advance(5);
        await silent.SendBytesAsync("\r\n \n"u8.ToArray());
        await Patience.UntilAsync(() => _server.Connections.All.Single().SilentFor == TimeSpan.Zero, "the empty lines");
        Advance(41);
        await silent.ExpectLineAsync("-!- bye:");
    }

    [Test]
    public async Task Who_stops_in_the_middle_of_the_first_line_is_let_go_as_in_any_other()
    {
        await using var program = await LineClient.ConnectAsync(_server.RawPort);
        await program.SendBytesAsync("{\"type\":\"hel"u8.ToArray());
        await Patience.UntilAsync(() => _server.Connections.All.Any(connection => connection.IsMidFrame), "the half");
        Advance(11);
        (await program.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4010 && bye.Reconnect);
    }

    [TestCase("/join lobby\n", "lobby")]
    [TestCase("/help\n", "/join")]
    public async Task Who_has_sent_one_frame_may_read_for_hours(string first, string answer)
    {
        await using var reader = await LineClient.ConnectAsync(_server.RawPort);
        await reader.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes(first));
        await reader.ExpectLineAsync(answer);
        await using var other = await LineClient.ConnectAsync(_server.RawPort);
        await Patience.UntilAsync(() => _server.Connections.Count == 2, "one who will never speak");
        Advance(5 * 3600);
        await other.ExpectLineAsync("bye");
        _server.Connections.All.Should().ContainSingle(connection => connection.IsOpen);
        await reader.SendAsync("still here");
        await reader.ExpectLineAsync("> still here");
    }

    [Test]
    public async Task A_flood_of_connections_that_never_speak_makes_no_session_and_is_let_go()
    {
        const int Many = 500;
        var before = _server.Services.GetRequiredService<SessionStore>().Count;
        var flood = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => LineClient.ConnectAsync(_server.RawPort, read: false)));
        await Patience.UntilAsync(() => _server.Connections.Count == Many, "all connections");
        _server.Services.GetRequiredService<SessionStore>().Count.Should().Be(before);

        Advance(41);
        await Patience.UntilAsync(() => _server.Connections.Count == 0, () => $"the end of all; {_server.Connections.Count} stand");
        foreach (var silent in flood)
        {
            // In a lingering close: who does not end its side either is reset.
            silent.Read();
            await Patience.UntilAsync(
                () =>
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                    return silent.Ended.IsCompleted;
                },
                "the end of the stream");
            await silent.DisposeAsync();
        }
    }

    // In steps, as the watch looks once a second.
    private void Advance(int seconds)
    {
        for (var i = 0; i < seconds; i++)
            _time.Advance(TimeSpan.FromSeconds(1));
    }
}
