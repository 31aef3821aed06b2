using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The server never sends trimmed events, not even from memory. A gap reports them to the client.</summary>
public sealed class TrimmedRoomTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Client_that_returns_to_a_fully_trimmed_room_receives_a_gap_and_new_events(bool restarted)
    {
        using var data = new TemporaryFolder();
        var server = await SayAndTrimAsync(data, count: 42);
        if (restarted)
        {
            await server.DisposeAsync();
            server = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        }

        await using var _ = server;
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 10));
        joined.Should().Match<JoinedFrame>(back => back.Recovered == false && back.Seq == 42 && back.Messages.Count == 0);
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 11, 42));
        (await bob.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Id = FrameId.From("h") })).Messages.Should().BeEmpty();

        (await bob.SayAsync("on")).Seq.Should().Be(43);
        (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(43);
    }

    [Test]
    public async Task Server_does_not_send_trimmed_events_from_memory()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:KeepEvents", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < 30; i++)
            await ann.SayAsync($"{i}");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        (await bob.RequestAsync<JoinedFrame>(Join("lobby"))).Messages.DecodeMessages().Select(message => message.Seq).Should().Equal(Enumerable.Range(21, 10).Select(seq => (long)seq));
        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 15));
        joined.Recovered.Should().BeFalse();
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 16, 20));
        await ann.DisposeAsync();
    }

    // Sends messages, lets all of them become too old while the server runs, and trims the log.
    private static async Task<ServerUnderTest> SayAndTrimAsync(TemporaryFolder data, int count)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-10));
        var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Limits:Enabled", "false", "--Data:Path", data.Path, "--Data:KeepDays", "2");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < count; i++)
            await ann.SayAsync($"{i}");
        await ann.DisposeAsync();
        time.Advance(TimeSpan.FromDays(3));
        await Retention.TrimEventsAsync(server.Services.GetRequiredService<SqlStorage>(), NullLogger.Instance, default);
        return server;
    }
}
