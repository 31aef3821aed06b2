using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>On raw TCP, the lines of people and pipes wait until the message rate allows them, so no line is lost. Programs get an error.</summary>
[Category(Categories.Slow)] // waits for the message rate
public sealed class MessageRateTests
{
    [Test]
    public async Task Server_posts_all_lines_of_a_pipe_that_has_shut_down_its_sending_side()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:MessageBurst", "4", "--Limits:MessagesPerSecond", "40");
        await using var nc = await LineClient.ConnectAsync(server.RawPort);

        await nc.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, 60).Select(number => $"line {number}\n"))));
        nc.EndSending();
        await nc.Ended.OrFail("the orderly end of the stream");

        nc.Lines.Where(line => line.Contains("> line ")).Select(line => line[(line.IndexOf('>') + 2)..])
            .Should().Equal(Enumerable.Range(1, 60).Select(number => $"line {number}"));
        nc.Lines.Should().NotContain(line => line.StartsWith('!'));
    }

    [Test]
    public async Task Server_delays_the_lines_of_a_person_until_the_user_may_send_again()
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time);
        await using var person = await LineClient.ConnectAsync(server.RawPort);

        for (var i = 1; i <= 6; i++)
            await person.SendAsync($"line {i}");
        await person.ExpectLineAsync("> line 4");

        for (var i = 5; i <= 6; i++)
        {
            person.Lines.Should().NotContain(line => line.Contains($"> line {i}"));
            await AdvanceUntilAsync(time, () => person.Lines.Any(line => line.Contains($"> line {i}")));
        }

        person.Lines.Should().NotContain(line => line.StartsWith('!'));
    }

    [Test]
    public async Task Waiting_line_is_not_posted_if_its_connection_closes()
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time);
        await using var person = await LineClient.ConnectAsync(server.RawPort);
        for (var i = 1; i <= 5; i++)
            await person.SendAsync($"line {i}");
        await person.ExpectLineAsync("> line 4");

        var connection = server.Connections.All.Single(found => found.TransportName == "tcp");
        connection.Close(RawSocketChat.Server.Connections.Disconnect.SessionEnded);
        await AdvanceUntilAsync(time, () => person.Ended.IsCompleted);

        person.Lines.Should().NotContain(line => line.Contains("> line 5"));
    }

    [Test]
    public async Task Program_gets_an_error_for_a_message_that_exceeds_the_rate()
    {
        await using var server = await StartAsync(new FakeTimeProvider());
        await using var program = await LineClient.ConnectAsync(server.RawPort);
        await program.SendAsync("""{"type":"hello","name":"device"}""");
        await program.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 1; i <= 5; i++)
            await program.SendAsync(Say($"line {i}", id: $"{i}"));

        var error = await program.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.RateLimited);
        error.Id.Should().Be(FrameId.From("5"));
    }

    private static Task<ServerUnderTest> StartAsync(FakeTimeProvider time) => ServerUnderTest.StartAsync(
        services => services.AddSingleton<TimeProvider>(time), "--Limits:MessageBurst", "4", "--Limits:MessagesPerSecond", "1");

    // The handler creates its timer some time after the client has sent the line. An earlier advance of the clock does not fire the timer, so
    // advance the clock until the condition is true.
    private static Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> isDone) => TestWait.UntilAsync(
        () =>
        {
            if (isDone())
                return true;
            time.Advance(TimeSpan.FromMilliseconds(250));
            return false;
        },
        "the condition while the clock moves");
}
